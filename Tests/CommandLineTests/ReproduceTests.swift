import Foundation
import Testing

@Suite("Reproducing the paper's experiments")
struct ReproduceTests {
    @Test("The theorem holds, and its report is written with the script of its charts")
    func theorem() throws {
        let folder = try ScratchFolder()
        let script = try folder.file("plotly.min.js", "/* plotly.js v0 */ var Plotly = {};")
        let result = try Tool.run(
            ["reproduce", "theorem", "--scale", "smoke", "--output", "report", "--quiet"],
            in: folder,
            environment: ["MANIFOLD_MIXUP_PLOTLY": folder.url.path + "/" + script]
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("report: report/report.html"))
        #expect(result.output.contains("largest rank of a class"))
        let page = String(decoding: try folder.contents("report/report.html"), as: UTF8.self)
        #expect(page.contains("plotly.js v0"))
        #expect(folder.exists("report/numbers.json"))
        #expect(folder.exists("report/tables/predictions.csv"))
    }

    @Test("Every experiment is in the help")
    func help() throws {
        let result = try Tool.run(["reproduce", "--help"], in: ScratchFolder())
        for name in ["theorem", "toy", "layers", "alpha", "blocking"] {
            #expect(result.output.contains("\(name): "))
        }
    }

    @Test("A sweep that was stopped by a signal goes on with the same command, to the same tables")
    func sweep() throws {
        let folder = try ScratchFolder()
        let arguments = ["reproduce", "blocking", "--scale", "smoke", "--seeds", "3", "--output"]
        let whole = try Tool.run(arguments + ["whole"], in: folder)
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.output.contains("Manifold Mixup, blocked"))
        #expect(whole.errors.contains("12/12 manifold-mixup/seed-3: test error"))

        let (process, _, errors) = try Tool.start(arguments + ["stopped"], in: folder)
        // Signal it as soon as the second variant runs.
        let run = folder.url.appendingPathComponent("stopped/runs/digits/input-mixup/seed-1")
        for _ in 0..<4000 where process.isRunning {
            if FileManager.default.fileExists(atPath: run.path) { break }
            usleep(5_000)
        }
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(message.contains("go on with the same command"), "\(message)")
        #expect(folder.exists("stopped/runs/digits/none/seed-3/figures.json"))
        #expect(!folder.exists("stopped/report.html"))

        let resumed = try Tool.run(arguments + ["stopped"], in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output == whole.output.replacing("whole/", with: "stopped/"))
        for file in ["tables/paper.csv", "tables/results-digits.csv"] {
            #expect(try folder.contents("stopped/" + file) == folder.contents("whole/" + file))
        }
        let again = try Tool.run(arguments + ["stopped"], in: folder)
        #expect(again.output == resumed.output)
        #expect(
            again.errors.contains("1/12 none/seed-1: ") && again.errors.contains("trained before")
        )
        #expect(folder.exists("stopped/runs/digits/none/seed-1/checkpoints/last"))
    }

    @Test("A folder with trainings of other settings, and missing data, are errors of one line")
    func sweepErrors() throws {
        let folder = try ScratchFolder()
        let arguments = [
            "reproduce", "blocking", "--scale", "smoke", "--quiet", "--output", "report",
        ]
        #expect(try Tool.run(arguments, in: folder).status == 0)
        let recipe = "report/runs/digits/none/seed-1/recipe.yaml"
        let text = String(decoding: try folder.contents(recipe), as: UTF8.self)
        _ = try folder.file(recipe, text.replacing("epochs: 10", with: "epochs: 11"))
        let other = try Tool.run(arguments, in: folder)
        #expect(other.status == 1)
        #expect(other.errorLines.count == 1, "\(other.errors)")
        #expect(other.errors.contains("training.epochs"))

        let missing = try Tool.run(
            ["reproduce", "layers", "--scale", "paper", "--data-dir", ".", "--quiet"],
            in: folder,
            environment: ["MANIFOLD_MIXUP_DATA": ""]
        )
        #expect(missing.status == 1)
        #expect(missing.errorLines.count == 1, "\(missing.errors)")
        #expect(missing.errors.contains("cifar-10 was not found"))
        #expect(!folder.exists("runs"))
    }
}
