import Foundation
import Testing

@Suite("manifold-mixup export, import and predict")
struct WeightsCommandTests {
    /// A folder with a run that holds examples out, and a table of digits.
    private static func prepared() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let trained = try Tool.run(
            [
                "train", "--data", "digits", "--widths", "16", "--epochs", "2", "--hold-out", "0.1",
                "--threads", "1", "--quiet", "--output", "run",
            ],
            in: folder
        )
        try #require(trained.status == 0, "\(trained.errors)")
        // Twelve images that are black but for one row.
        let rows = (0..<12).map { number in
            (0..<64).map { $0 / 8 == number % 8 ? "16" : "0" }.joined(separator: ",")
        }
        _ = try folder.file("rows.csv", rows.joined(separator: "\n") + "\n")
        return folder
    }

    private func run(_ arguments: [String], in folder: ScratchFolder) throws -> Tool.Result {
        try Tool.run(arguments, in: folder)
    }

    @Test("Weights leave a run, come back as another one, and give the same results")
    func thereAndBack() throws {
        let folder = try Self.prepared()
        let exported = try run(["export", "run", "--output", "a.safetensors"], in: folder)
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(exported.output.contains("fitted to 135 held-out examples"), "\(exported.output)")
        let again = try run(["export", "run", "-o", "a.safetensors"], in: folder)
        #expect(again.status == 1)
        #expect(again.errorLines.count == 1 && again.errors.contains("exists already"))

        let imported = try run(
            ["import", "a.safetensors", "--data", "digits", "--output", "imported"],
            in: folder
        )
        #expect(imported.status == 0, "\(imported.errors)")
        let results = try ["run", "imported"].map { try run(["evaluate", $0], in: folder).output }
        #expect(results[0] == results[1] && !results[0].isEmpty)

        // The run does not need the file any more, and can be trained on.
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("a.safetensors"))
        let resumed = try run(["train", "--resume", "imported", "--quiet"], in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        let tuned = try run(
            [
                "train", "--data", "digits", "--widths", "16", "--epochs", "1", "--quiet",
                "--initial-weights", "run", "--output", "tuned",
            ],
            in: folder
        )
        #expect(tuned.status == 0, "\(tuned.errors)")
    }

    @Test("What does not fit is refused in one line with what to do, and leaves no folder")
    func misfits() throws {
        let folder = try Self.prepared()
        _ = try run(["export", "run", "-o", "a.safetensors"], in: folder)
        let pickle = try folder.file("model.pth", "PK\u{3}\u{4}")
        for (arguments, status, part): ([String], Int32, String) in [
            (["a.safetensors"], 64, "--data"),
            (["a.safetensors", "--data", "digits", "--widths", "8"], 1, "--widths 16"),
            (["a.safetensors", "--data", "digits", "--model", "wide-resnet"], 1, "--model mlp"),
            ([pickle, "--data", "digits"], 1, "checkpoint-to-safetensors"),
            (["rows.csv", "--data", "digits"], 1, "rows.csv"),
            (["none", "--data", "digits"], 1, "none"),
        ] {
            let result = try run(["import"] + arguments + ["-o", "imported"], in: folder)
            #expect(result.status == status, "\(arguments)")
            #expect(
                result.errorLines.count == 1 && result.errors.contains(part),
                "\(result.errors)"
            )
            #expect(!folder.exists("imported"))
        }
        let trained = try run(
            ["train", "--data", "digits", "--widths", "8", "--initial-weights", "run", "-o", "x"],
            in: folder
        )
        #expect(trained.status == 64, "there is no -o: \(trained.errors)")
    }

    @Test("Predictions are printed as text, CSV and JSON, from a run, a file and standard input")
    func formats() throws {
        let folder = try Self.prepared()
        _ = try run(["export", "run", "-o", "a.safetensors"], in: folder)
        let text = try run(["predict", "run", "rows.csv", "--batch-size", "5"], in: folder)
        #expect(text.status == 0, "\(text.errors)")
        let lines = text.output.split(separator: "\n")
        #expect(lines.count == 12)
        for (number, line) in lines.enumerated() {
            let pattern = /rows\.csv:(\d+): \d 0\.\d{4} \(calibrated [01]\.\d{4}\)/
            let match = try #require(line.wholeMatch(of: pattern), "\(line)")
            #expect(match.1 == "\(number + 1)")
        }
        #expect(text.errors.contains("fitted to 135 held-out examples"))

        let csv = try run(
            ["predict", "a.safetensors", "rows.csv", "--format", "csv", "--top", "2"],
            in: folder
        )
        let rows = csv.output.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(
            rows.first == [
                "input", "rank", "class", "index", "probability", "calibrated", "temperature",
            ]
        )
        #expect(rows.count == 25)
        #expect(rows.dropFirst().map { $0[1] } == (0..<24).map { "\($0 % 2 + 1)" })
        #expect(
            zip(lines, stride(from: 1, to: 25, by: 2)).allSatisfy {
                $0.contains(": \(rows[$1][2]) ")
            }
        )

        let json = try run(
            ["predict", "run", "rows.csv", "--format", "json", "--no-calibration"],
            in: folder
        )
        struct Line: Decodable {
            struct Candidate: Decodable {
                let `class`: String
                let index: Int
                let probability: Double
                let calibrated: Double?
            }
            let input: String
            let candidates: [Candidate]
            let temperature: Double?
        }
        let objects = try json.output.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        #expect(
            objects.map { $0.candidates[0].class }
                == stride(from: 1, to: 25, by: 2).map {
                    String(rows[$0][2])
                }
        )
        #expect(objects.allSatisfy { $0.temperature == nil && $0.candidates[0].calibrated == nil })

        let piped = try Tool.run(
            ["-c", "'\(Tool.executable.path)' predict a.safetensors - < rows.csv"],
            in: folder,
            program: URL(fileURLWithPath: "/bin/sh")
        )
        #expect(piped.output == text.output.replacing("rows.csv", with: "stdin"))
    }

    @Test("A run whose data are gone predicts all the same, without a calibrated probability")
    func withoutData() throws {
        let folder = try ScratchFolder()
        let rows = (0..<40).map { "\($0 % 2),\($0 % 7),\($0 % 2 == 0 ? "even" : "odd")" }
        let data = try folder.file("own.csv", rows.joined(separator: "\n"))
        let settings = [
            "--widths", "4", "--layers", "0,1", "--epochs", "2", "--hold-out", "0.2", "--quiet",
        ]
        let trained = try run(["train", "--data", data, "--output", "run"] + settings, in: folder)
        try #require(trained.status == 0, "\(trained.errors)")
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(data))
        let input = try folder.file("new.csv", "1,3\n0,2\n")
        let result = try run(["predict", "run", input], in: folder)
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").count == 2)
        #expect(!result.output.contains("calibrated"))
        #expect(result.errorLines.count == 1 && result.errors.contains("not calibrated"))
        let exported = try run(["export", "run", "-o", "a.safetensors"], in: folder)
        #expect(exported.status == 0 && exported.errors.contains("no temperature goes along"))
    }

    @Test("What cannot be read is named at once and at the end, and the exit code says so")
    func failures() throws {
        let folder = try Self.prepared()
        _ = try folder.file("bad.csv", "1,2\n3,4\n")
        _ = try folder.file("bad.png", "no image")
        let result = try run(
            ["predict", "run", "bad.png", "rows.csv", "bad.csv", "none"],
            in: folder
        )
        #expect(result.status == 1)
        #expect(result.output.split(separator: "\n").count == 12)
        let errors = result.errorLines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 4)
        #expect(errors.last == "error: 3 inputs could not be read: bad.png, bad.csv, none")
        for arguments in [["--top", "0"], ["--batch-size", "0"], ["--format", "xml"]] {
            #expect(try run(["predict", "run", "rows.csv"] + arguments, in: folder).status == 64)
        }
        for model in ["none", "rows.csv", "run/checkpoints"] {
            let refused = try run(["predict", model, "rows.csv"], in: folder)
            #expect(refused.status == 1 && refused.errorLines.count == 1, "\(refused.errors)")
        }
    }

    @Test("A reader that has seen enough ends the work without a complaint; a full disk with one")
    func closedPipe() throws {
        let folder = try Self.prepared()
        let rows = String(decoding: try folder.contents("rows.csv"), as: UTF8.self)
        _ = try folder.file("many.csv", String(repeating: rows, count: 2000))
        let predict = "'\(Tool.executable.path)' predict run many.csv --no-calibration"
        let closed = try Tool.run(
            ["-c", "(\(predict); echo $? > status) | head -n 1"],
            in: folder,
            program: URL(fileURLWithPath: "/bin/sh")
        )
        #expect(closed.output.hasPrefix("many.csv:1: "))
        #expect(closed.errors == "")
        #expect(String(decoding: try folder.contents("status"), as: UTF8.self) == "0\n")
        let full = try Tool.run(
            ["-c", "\(predict) > /dev/full"],
            in: folder,
            program: URL(fileURLWithPath: "/bin/sh")
        )
        #expect(full.status == 1)
        #expect(full.errorLines.count == 1 && full.errors.contains("space"), "\(full.errors)")
    }
}
