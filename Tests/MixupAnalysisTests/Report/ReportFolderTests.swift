import Foundation
import Testing

@testable import MixupAnalysis

@Suite("The folder of a report")
struct ReportFolderTests {
    private static let files = ["numbers.json", "report.html", "tables", "tables/numbers.csv"]

    @Test("A report is a page, its numbers and its tables, and nothing else")
    func writing() throws {
        let scratch = try ReportScratch()
        let folder = try ReportFolder(scratch.path + "/new/report")
        try folder.write(ReportFixtures.result(), library: nil)
        #expect(
            try scratch.names()
                == ["new", "new/report"] + Self.files.map { "new/report/" + $0 }
        )
        let data = try Data(scratch.text("new/report/numbers.json").utf8)
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(json["experiment"] as? String == "example")
        #expect(json["seeds"] as? [Int] == [1, 2])
        #expect(
            json["command"] as? String
                == "manifold-mixup reproduce example --scale smoke --seeds 2"
        )
        let numbers = try #require(json["numbers"] as? [String: Any])
        #expect(numbers["answer"] as? Double == 42)
        #expect(numbers["missing"] as? String == "nan")
        let environment = try #require(json["environment"] as? [String: Any])
        #expect(environment["version"] is String)
    }

    @Test("A table's CSV quotes what needs it")
    func csv() throws {
        let scratch = try ReportScratch()
        try ReportFolder(scratch.path).write(ReportFixtures.result(), library: nil)
        let quoted = "\"" + ReportFixtures.nasty.replacing("\"", with: "\"\"") + "\""
        #expect(try scratch.text("tables/numbers.csv") == "\(quoted),value\n\(quoted),1\n")
    }

    @Test("A report takes the place of an earlier one, whose tables do not stay")
    func replacing() throws {
        let scratch = try ReportScratch()
        try ReportFolder(scratch.path).write(ReportFixtures.result(["other"]), library: nil)
        try ReportFolder(scratch.path).write(ReportFixtures.result(), library: nil)
        #expect(try scratch.names() == Self.files)
    }

    @Test("What an experiment keeps beside its report stays, and hidden leftovers do not matter")
    func runs() throws {
        let scratch = try ReportScratch()
        _ = try scratch.file("runs/seed-1/recipe.yaml", "kept")
        _ = try scratch.file(".tables.1-1f.partial/numbers.csv", "half")
        let folder = try ReportFolder(scratch.path)
        #expect(folder.runsPath == scratch.path + "/runs")
        for _ in 0..<2 { try folder.write(ReportFixtures.result(), library: nil) }
        #expect(try scratch.text("runs/seed-1/recipe.yaml") == "kept")
        #expect(try Set(scratch.names()).isSuperset(of: Self.files))
    }

    @Test(
        "A folder with anything else in it, a file, and no path are refused, and stay as they are"
    )
    func refusing() throws {
        let scratch = try ReportScratch()
        let file = try scratch.file("notes.txt", "mine")
        for (path, word) in [(scratch.path, "notes.txt"), (file, "is a file"), ("", "empty")] {
            let error = #expect(throws: ReportError.self) { try ReportFolder(path) }
            #expect(error?.message.contains(word) == true)
        }
        #expect(try scratch.text("notes.txt") == "mine")
    }

    @Test("Two tables of one name are refused before anything is written")
    func sameNames() throws {
        let scratch = try ReportScratch()
        let folder = try ReportFolder(scratch.path)
        #expect(throws: ReportError.self) {
            try folder.write(ReportFixtures.result(["a", "a"]), library: nil)
        }
        #expect(try scratch.names().isEmpty)
    }

    @Test("The comparison with the paper has the paper's word, the measurement, seeds and command")
    func comparison() {
        let table = ReportTable(
            [PaperComparison("ratio", paper: "0.52", measured: "0.4 ± 0.1")],
            seeds: 3,
            command: "manifold-mixup reproduce x"
        )
        #expect(
            table.csv
                == "quantity,paper,measured here,seeds,command\n"
                + "ratio,0.52,0.4 ± 0.1,3,manifold-mixup reproduce x\n"
        )
    }
}

@Suite("Where plotly.js is looked for")
struct ChartLibraryTests {
    private func found(_ environment: [String: String], _ program: String, _ folder: String) throws
        -> String?
    {
        try ChartLibrary.find(environment: environment, program: program, folder: folder)?.source
    }

    @Test("Above the program, then above the present folder; otherwise there is none")
    func places() throws {
        let scratch = try ReportScratch()
        let (one, other) = (ReportFixtures.script + "1", ReportFixtures.script + "2")
        let program = try scratch.file("one/.build/release/tool", "")
        let folder = scratch.path + "/other/deep"
        #expect(try found([:], program, folder) == nil)
        _ = try scratch.file("other/.plotly/plotly.min.js", other)
        #expect(try found([:], program, folder) == other)
        _ = try scratch.file("one/.plotly/plotly.min.js", one)
        #expect(try found([:], program, folder) == one)
    }

    @Test("A file of the environment decides alone, and must be plotly.js")
    func environment() throws {
        let scratch = try ReportScratch()
        let program = try scratch.file("tool", "")
        _ = try scratch.file(".plotly/plotly.min.js", ReportFixtures.script)
        let own = try scratch.file("own.js", ReportFixtures.script + "own")
        let variable = ChartLibrary.variable
        #expect(try found([variable: own], program, "/") == ReportFixtures.script + "own")
        let wrong = try scratch.file("wrong.js", "alert(1)")
        for path in [wrong, scratch.path + "/missing.js"] {
            let error = #expect(throws: ReportError.self) {
                try found([variable: path], program, "/")
            }
            #expect(error?.message.hasPrefix(path) == true)
        }
    }
}
