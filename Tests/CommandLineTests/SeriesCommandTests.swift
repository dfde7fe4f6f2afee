import Foundation
import Testing

@Suite("manifold-mixup train --seeds and compare --output")
struct SeriesCommandTests {
    private static let quick = [
        "--data", "digits", "--widths", "32", "--epochs", "2", "--threads", "1",
    ]

    private func json(_ result: Tool.Result) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        )
    }

    @Test("train reports best, last and mean, on the terminal, as JSON and in a file")
    func reported() throws {
        let folder = try ScratchFolder()
        let arguments = ["train"] + Self.quick + ["--quiet"]
        let table = try Tool.run(arguments + ["--output", "a"], in: folder)
        #expect(table.status == 0, "\(table.errors)")
        for text in [
            "(best)", "2 (last)", "1–2 (mean of 2)", "test NLL",
            "chosen on the test set, as the paper did",
        ] {
            #expect(table.output.contains(text), "\(table.output)")
        }
        let printed = try Tool.run(arguments + ["--json", "--output", "b"], in: folder)
        #expect(printed.status == 0, "\(printed.errors)")
        let file = try JSONSerialization.jsonObject(with: folder.contents("b/figures.json"))
        #expect(
            try NSDictionary(dictionary: json(printed)).isEqual(to: file as? [String: Any] ?? [:])
        )
        let evaluated = try json(Tool.run(["evaluate", "b", "--json"], in: folder))
        let last = try json(printed)["last"] as? [String: Any]
        #expect(last?["error"] as? Double == evaluated["error"] as? Double)
        #expect(last?["nll"] as? Double == evaluated["nll"] as? Double)
        #expect(folder.exists("b/summary.csv") && folder.exists("b/times.jsonl"))
    }

    @Test("--seeds trains a run for each seed, the same as alone, and prints mean ± deviation")
    func seeds() throws {
        let folder = try ScratchFolder()
        let arguments = ["train"] + Self.quick + ["--seeds", "2", "--seed", "7", "--output", "s"]
        let series = try Tool.run(arguments, in: folder)
        #expect(series.status == 0, "\(series.errors)")
        #expect(series.output.contains("±"))
        #expect(series.output.contains("mean of the last ten"))
        #expect(series.errors.contains("training 2/2"))
        #expect(series.errors.contains("seed-8: test error"))
        let alone = try Tool.run(
            ["train"] + Self.quick + ["--quiet", "--seed", "8", "--output", "alone"],
            in: folder
        )
        #expect(alone.status == 0, "\(alone.errors)")
        for file in ["metrics.jsonl", "figures.json", "checkpoints/last/model.safetensors"] {
            #expect(try folder.contents("s/seed-8/" + file) == folder.contents("alone/" + file))
        }
        let again = try Tool.run(arguments + ["--quiet"], in: folder)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.output == series.output)
        let environment = try folder.contents("s/seed-7/environment.json")
        let starts = try JSONSerialization.jsonObject(with: environment) as? [Any]
        #expect(starts?.count == 1)

        let other = try Tool.run(arguments + ["--lr", "0.3", "--quiet"], in: folder)
        #expect(other.status == 1)
        #expect(other.errorLines.count == 1, "\(other.errors)")
        for text in ["s/seed-7/recipe.yaml", "optimizer.learning-rate", "0.3", "--output"] {
            #expect(other.errors.contains(text), "\(other.errors)")
        }
        let asRun = try Tool.run(arguments.dropLast() + ["alone"], in: folder)
        #expect(asRun.status == 1)
        #expect(asRun.errors.contains("single run"))
    }

    @Test("A series that was stopped by a signal goes on with the same command")
    func interrupted() throws {
        let folder = try ScratchFolder()
        let settings = [
            "train", "--data", "digits", "--widths", "64", "--batch-size", "10", "--epochs", "3",
            "--threads", "1", "--seeds", "3", "--quiet",
        ]
        let whole = try Tool.run(settings + ["--output", "whole"], in: folder)
        #expect(whole.status == 0, "\(whole.errors)")
        let arguments = settings + ["--output", "stopped"]
        let (process, _, errors) = try Tool.start(arguments, in: folder)
        // Signal it as soon as the second training runs.
        let metrics = folder.url.appendingPathComponent("stopped/seed-2/metrics.jsonl")
        for _ in 0..<4000 where process.isRunning {
            if let data = try? Data(contentsOf: metrics), !data.isEmpty { break }
            usleep(5_000)
        }
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(message.contains("same command"), "\(message)")
        #expect(message.contains("--output stopped"), "\(message)")
        #expect(folder.exists("stopped/seed-1/figures.json"))
        #expect(!folder.exists("stopped/seed-3"))

        let resumed = try Tool.run(arguments, in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output == whole.output)
        for seed in 1...3 {
            for file in ["metrics.jsonl", "checkpoints/last/model.safetensors"] {
                let path = "/seed-\(seed)/" + file
                #expect(
                    try folder.contents("stopped" + path) == folder.contents("whole" + path)
                )
            }
        }
    }

    @Test("compare gives the same table with a folder and without, and has one for each figure")
    func compare() throws {
        let folder = try ScratchFolder()
        let arguments =
            ["compare", "--seeds", "2", "--quiet"] + Self.quick
            + ["--methods", "none", "manifold-mixup"]
        let unwritten = try Tool.run(arguments, in: folder)
        #expect(unwritten.status == 0, "\(unwritten.errors)")
        let written = try Tool.run(arguments + ["--output", "c"], in: folder)
        #expect(written.status == 0, "\(written.errors)")
        #expect(written.output == unwritten.output)
        for method in ["none", "manifold-mixup"] {
            #expect(folder.exists("c/\(method)/seed-2/checkpoints/best"))
        }
        let table = String(decoding: try folder.contents("c/summary.csv"), as: UTF8.self)
        #expect(table.split(separator: "\n").count == 5)
        let best = try Tool.run(arguments + ["--output", "c", "--figures", "best"], in: folder)
        #expect(best.output.contains("chosen on the test set, as the paper did"))
        #expect(try Tool.run(arguments + ["--figures", "worst"], in: folder).status == 64)
    }
}
