import Foundation
import Testing

@Suite("manifold-mixup train and evaluate")
struct TrainTests {
    private static let quick = [
        "--data", "digits", "--widths", "32", "--epochs", "2", "--threads", "1", "--quiet",
    ]

    @Test("A training leaves a run folder, and evaluate repeats its result")
    func trainAndEvaluate() throws {
        let folder = try ScratchFolder()
        let trained = try Tool.run(["train"] + Self.quick + ["--output", "run"], in: folder)
        #expect(trained.status == 0, "\(trained.errors)")
        for name in [
            "recipe.yaml", "environment.json", "metrics.jsonl", "checkpoints/last",
            "checkpoints/best",
        ] {
            #expect(folder.exists("run/" + name), "\(name) is missing")
        }
        let evaluated = try Tool.run(["evaluate", "run"], in: folder)
        #expect(evaluated.status == 0)
        #expect(evaluated.output.contains("test NLL"))
        #expect(try evaluated.testError == trained.testError)

        let json = try Tool.run(["evaluate", "run", "--json", "--checkpoint", "best"], in: folder)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        )
        #expect(Set(object.keys) == ["count", "error", "nll", "top5_error"])
        #expect(object["count"] as? Int == 449)
    }

    @Test("The same command gives the same bytes of weights; another seed gives others")
    func reproducible() throws {
        let folder = try ScratchFolder()
        for (output, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
            let result = try Tool.run(
                ["train"] + Self.quick + ["--seed", seed, "--output", output],
                in: folder
            )
            #expect(result.status == 0, "\(result.errors)")
        }
        let weights = try ["a", "b", "c"].map {
            try folder.contents($0 + "/checkpoints/last/model.safetensors")
        }
        #expect(weights[0] == weights[1])
        #expect(weights[0] != weights[2])
    }

    @Test(
        "A signal stops a training after its step, which is saved, and the resumed run is exact",
        arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))]
    )
    func signals(signal: Int32, status: Int32) throws {
        let folder = try ScratchFolder()
        let settings = [
            "train", "--data", "digits", "--widths", "64", "--batch-size", "10", "--epochs", "8",
            "--dropout", "0.1", "--threads", "1", "--quiet",
        ]
        let whole = try Tool.run(settings + ["--output", "whole"], in: folder)
        #expect(whole.status == 0, "\(whole.errors)")

        let (process, _, errors) = try Tool.start(settings + ["--output", "stopped"], in: folder)
        // Signal it as soon as it trains, which the first row of figures shows.
        let metrics = folder.url.appendingPathComponent("stopped/metrics.jsonl")
        for _ in 0..<2000 where process.isRunning {
            if let data = try? Data(contentsOf: metrics), !data.isEmpty { break }
            usleep(5_000)
        }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == status)
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(message.contains("--resume stopped"))

        let resumed = try Tool.run(["train", "--resume", "stopped", "--quiet"], in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        for file in [
            "checkpoints/last/model.safetensors", "checkpoints/last/training.safetensors",
            "metrics.jsonl",
        ] {
            let bytes = try folder.contents("stopped/" + file)
            #expect(bytes == (try folder.contents("whole/" + file)), "\(file) differs")
        }
        #expect(resumed.output == whole.output)
    }

    @Test("A run whose time is over saves, says how to go on, and is no failure")
    func maximumTime() throws {
        let folder = try ScratchFolder()
        let settings = [
            "train", "--data", "digits", "--widths", "8", "--epochs", "100000", "--threads", "1",
            "--quiet",
        ]
        let first = try Tool.run(
            settings + ["--max-time", "1s", "--output", "run"],
            in: folder
        )
        #expect(first.status == 0)
        #expect(first.output.isEmpty)
        #expect(first.errorLines.count == 1)
        #expect(first.errors.contains("the time is over: stopped and saved at step "))
        #expect(first.errors.contains("--resume run"))
        let step = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder.url.path + "/run/checkpoints/last"
        )
        let second = try Tool.run(
            ["train", "--resume", "run", "--max-time", "1s", "--quiet"],
            in: folder
        )
        #expect(second.status == 0, "\(second.errors)")
        let next = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder.url.path + "/run/checkpoints/last"
        )
        #expect(next > step)
    }

    @Test("A run that stops early says so, and prints its result")
    func earlyStop() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["train"] + Self.quick + ["--epochs", "9", "--lr", "0", "--patience", "2"]
                + ["--ema-decay", "0.9", "--clip-norm", "1", "--output", "run"],
            in: folder
        )
        #expect(result.status == 0)
        #expect(
            result.errorLines == [
                "stopped early after epoch 3: no lower error on the test set for 2 epochs"
            ]
        )
        let evaluated = try Tool.run(["evaluate", "run"], in: folder)
        #expect(try evaluated.testError == result.testError)
    }

    @Test("Resuming a finished run trains no further and prints its result")
    func resumeFinished() throws {
        let folder = try ScratchFolder()
        let trained = try Tool.run(["train"] + Self.quick + ["--output", "run"], in: folder)
        let before = try folder.contents("run/checkpoints/last/model.safetensors")
        let resumed = try Tool.run(["train", "--resume", "run", "--quiet"], in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output == trained.output)
        let environment = try JSONSerialization.jsonObject(
            with: folder.contents("run/environment.json")
        )
        let entries = try #require(environment as? [[String: Any]])
        #expect(
            entries.map { ($0["command_line"] as? [String])?.contains("--resume") } == [
                false, true,
            ]
        )
        #expect(try folder.contents("run/checkpoints/last/model.safetensors") == before)
    }

    @Test("A recipe is printed with every setting, flags applied, and reads back as itself")
    func printRecipe() throws {
        let folder = try ScratchFolder()
        let recipe = try folder.file("recipe.yaml", "method: { alpha: 0.5 }\n")
        let printed = try Tool.run(
            [
                "train", "--recipe", recipe, "--layers", "0,2", "--lr", "0.05", "--block-gradients",
                "--print-recipe",
            ],
            in: folder
        )
        #expect(printed.status == 0, "\(printed.errors)")
        #expect(printed.output.contains("alpha: 0.5"))
        #expect(printed.output.contains("layers: [0, 2]"))
        #expect(printed.output.contains("learning-rate: 0.05"))
        #expect(printed.output.contains("block-gradients: true"))
        let again = try folder.file("again.yaml", printed.output)
        let reprinted = try Tool.run(["train", "--recipe", again, "--print-recipe"], in: folder)
        #expect(reprinted.output == printed.output)
        #expect(!folder.exists("runs"))
    }

    @Test("The user's own CSV tables can be trained on")
    func ownTable() throws {
        let folder = try ScratchFolder()
        let rows = (0..<60).map {
            "\(Double($0 % 3) + Double($0) / 100),\($0 % 7),\(["a", "b", "c"][$0 % 3])"
        }
        let table = try folder.file("own.csv", "x,y,kind\n" + rows.joined(separator: "\n") + "\n")
        let trained = try Tool.run(
            [
                "train", "--data", table, "--widths", "8", "--epochs", "3", "--quiet", "--output",
                "run",
            ],
            in: folder
        )
        #expect(trained.status == 0, "\(trained.errors)")
        let evaluated = try Tool.run(["evaluate", "run"], in: folder)
        #expect(!evaluated.output.contains("top-5"))
    }

    @Test("A choice among methods trains, stops mixing, and says what it does")
    func choice() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            [
                "train", "--data", "digits", "--widths", "16", "--epochs", "3", "--threads", "1",
                "--method", "choice", "--among", "manifold-mixup", "cutmix", "none",
                "--among-weights", "2,1,1", "--among-alphas", "2,0.5,0", "--layers", "0,1",
                "--probability", "0.9", "--stop-epoch", "2", "--output", "run",
            ],
            in: folder
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("50 % manifold-mixup at boundaries {0, 1}, 25 % cutmix"))
        let recipe = String(decoding: try folder.contents("run/recipe.yaml"), as: UTF8.self)
        #expect(recipe.contains("  among: [manifold-mixup, cutmix, none]"))
        #expect(recipe.contains("  alphas: [2.0, 0.5, 0.0]"))
        #expect(recipe.contains("  stop-epoch: 2"))
    }

    @Test("A comparison prints one row a method, and JSON with every seed")
    func compare() throws {
        let folder = try ScratchFolder()
        let arguments =
            ["compare", "--seeds", "2"] + Self.quick + ["--methods", "none", "manifold-mixup"]
        let table = try Tool.run(arguments, in: folder)
        #expect(table.status == 0, "\(table.errors)")
        #expect(table.output.contains("none"))
        #expect(table.output.contains("±"))
        #expect(!table.output.contains("\ninput-mixup "))
        let json = try Tool.run(arguments + ["--json"], in: folder)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        )
        let runs = try #require(object["runs"] as? [[String: Any]])
        #expect(
            runs.map { $0["method"] as? String } == [
                "none", "none", "manifold-mixup", "manifold-mixup",
            ]
        )
        #expect((object["summary"] as? [Any])?.count == 2)
    }

    @Test("doctor names the library in use and finds nothing wrong here")
    func doctor() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(["doctor"], in: folder, environment: ["OMP_NUM_THREADS": "1"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("libtorch_cpu.so"))
        #expect(result.output.contains("everything needed is there"))
    }

    @Test("models show lists boundaries, shapes and parameters")
    func modelsShow() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["models", "show", "--data", "digits", "--widths", "32,16"],
            in: folder
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("linear 64 → 32"))
        #expect(result.output.contains("mixing site 'hidden2'"))
        #expect(result.output.contains("2778 parameters"))
    }

    @Test(
        "Every command has a help text with an abstract and exits with 0",
        arguments: [
            [], ["train"], ["evaluate"], ["compare"], ["models", "list"], ["models", "show"],
            ["recipes", "list"], ["recipes", "show"], ["data", "list"], ["data", "verify"],
            ["data", "fetch"], ["bench", "cost"], ["bench", "memory"], ["bench", "data"],
            ["bench", "step"], ["bench", "machine"], ["doctor"],
        ]
    )
    func help(command: [String]) throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(command + ["--help"], in: folder)
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("OVERVIEW: "))
        #expect(result.errors.isEmpty)
    }
}
