import Foundation
import LibTorch
import Testing

@Suite(
    "Training by several processes",
    .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)")
)
struct RanksTests {
    private static let settings = [
        "train", "--data", "digits", "--widths", "32", "--batch-size", "10", "--epochs", "4",
        "--dropout", "0.1", "--batch-norm", "--checkpoint-every", "7", "--threads", "1", "--quiet",
    ]

    /// A Python with torchrun, as the tests of parity find it.
    private static let python = ProcessInfo.processInfo.environment["MANIFOLD_MIXUP_PYTHON"]

    private func expectSameRun(_ folder: ScratchFolder, _ name: String, as other: String) throws {
        for file in [
            "checkpoints/last/model.safetensors", "checkpoints/last/training.safetensors",
            "metrics.jsonl", "figures.json",
        ] {
            let bytes = try folder.contents(name + "/" + file)
            #expect(bytes == (try folder.contents(other + "/" + file)), "\(file) differs")
        }
    }

    /// Waits until a run trains, which the first row of figures shows, and returns the id of one of its
    /// ranks.
    private func rank(
        _ number: Int,
        startedBy parent: Process,
        training run: String,
        in folder: ScratchFolder
    ) throws -> pid_t {
        for _ in 0..<6000 where parent.isRunning {
            if let data = try? folder.contents(run + "/metrics.jsonl"), !data.isEmpty { break }
            usleep(5_000)
        }
        let id = parent.processIdentifier
        let text = try String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        let children = text.split(separator: " ").compactMap { pid_t($0) }
        return try #require(
            children.first { child in
                let environment = try? Data(
                    contentsOf: URL(fileURLWithPath: "/proc/\(child)/environ")
                )
                return environment?.split(separator: 0).contains(Data("RANK=\(number)".utf8))
                    == true
            }
        )
    }

    @Test("Two processes train as one that accumulates two minibatches, and only the first writes")
    func processes() throws {
        let folder = try ScratchFolder()
        let settings = Self.settings.filter { $0 != "--batch-norm" }
        let two = try Tool.run(settings + ["--processes", "2", "--output", "two"], in: folder)
        #expect(two.status == 0, "\(two.errors)")
        let one = try Tool.run(settings + ["--accumulate", "2", "--output", "one"], in: folder)
        #expect(try two.testError == one.testError)
        #expect(two.errors.isEmpty)
        let environment = try folder.contents("two/environment.json")
        #expect(String(decoding: environment, as: UTF8.self).contains("\"ranks\" : 2"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/two")
        #expect(names.filter { $0.hasPrefix("events") }.count == 1)
    }

    @Test("A signal to the starter stops and saves the run, which resumes to the same bytes")
    func signal() throws {
        let folder = try ScratchFolder()
        let whole = try Tool.run(
            Self.settings + ["--processes", "2", "--output", "whole"],
            in: folder
        )
        #expect(whole.status == 0, "\(whole.errors)")
        let (process, _, errors) = try Tool.start(
            Self.settings + ["--processes=2", "--output", "stopped"],
            in: folder
        )
        _ = try rank(1, startedBy: process, training: "stopped", in: folder)
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 143)
        #expect(try String(contentsOf: errors, encoding: .utf8).contains("--resume stopped"))
        let resumed = try Tool.run(
            ["train", "--resume", "stopped", "--processes", "2", "--quiet"],
            in: folder
        )
        #expect(resumed.status == 0, "\(resumed.errors)")
        try expectSameRun(folder, "stopped", as: "whole")
    }

    @Test(
        "When one process is killed, the others end within seconds and say why",
        arguments: [0, 1]
    )
    func killed(number: Int) throws {
        let folder = try ScratchFolder()
        let (process, _, errors) = try Tool.start(
            Self.settings + ["--epochs", "100000", "--processes", "2", "--output", "run"],
            in: folder
        )
        let rank = try rank(number, startedBy: process, training: "run", in: folder)
        let start = ContinuousClock.now
        kill(rank, SIGKILL)
        process.waitUntilExit()
        #expect(ContinuousClock.now - start < .seconds(15))
        #expect(process.terminationStatus == 128 + SIGKILL)
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(message.contains("rank \(number) was ended by signal 9"))
        #expect(
            message.contains(/error: rank \d: another rank has ended or cannot be reached/),
            "\(message)"
        )
    }

    @Test("When the starter is killed, its processes stop and save")
    func starterKilled() throws {
        let folder = try ScratchFolder()
        let (process, _, errors) = try Tool.start(
            Self.settings + ["--epochs", "100000", "--processes", "2", "--output", "run"],
            in: folder
        )
        let rank = try rank(0, startedBy: process, training: "run", in: folder)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        for _ in 0..<3000 where kill(rank, 0) == 0 { usleep(5_000) }
        #expect(kill(rank, 0) == -1)
        #expect(
            try String(contentsOf: errors, encoding: .utf8).contains("stopped and saved at step")
        )
    }

    @Test(
        "Under torchrun, a run whose rank is killed goes on and ends with the same bytes",
        .enabled(if: python != nil, "set MANIFOLD_MIXUP_PYTHON to a Python with torch")
    )
    func torchrun() throws {
        let folder = try ScratchFolder()
        let python = URL(fileURLWithPath: try #require(Self.python))
        func arguments(restarts: Int, _ more: [String]) -> [String] {
            [
                "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
                "--max-restarts", "\(restarts)", "--no-python", Tool.executable.path,
            ] + Self.settings + more
        }
        let whole = try Tool.run(
            Self.settings + ["--processes", "2", "--output", "whole"],
            in: folder
        )
        #expect(whole.status == 0, "\(whole.errors)")

        let nameless = try Tool.run(arguments(restarts: 1, []), in: folder, program: python)
        #expect(nameless.status != 0)
        #expect(nameless.errors.contains("give --output"))

        let (process, _, errors) = try Tool.start(
            arguments(restarts: 1, ["--output", "killed"]),
            in: folder,
            program: python
        )
        kill(try rank(1, startedBy: process, training: "killed", in: folder), SIGKILL)
        process.waitUntilExit()
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(message)")
        #expect(message.contains("started again: going on with the run in killed"))
        try expectSameRun(folder, "killed", as: "whole")
    }

    @Test(
        "What cannot work is said in one line",
        arguments: [
            (["--processes", "0"], [:], 64, "--processes"),
            (["--processes", "2", "--seeds", "3"], [:], 64, "--seeds"),
            (["--processes", "2", "--widths", "0"], [:], 64, "model.widths"),
            (["--processes", "2"], ["WORLD_SIZE": "2"], 1, "RANK must be a number"),
            ([], ["WORLD_SIZE": "2"], 1, "RANK must be a number from 0 to 1, not nothing"),
            (
                ["--rank-timeout", "1s"],
                [
                    "WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": "1",
                ], 1, "rank 1: waited 1 s for rank 0 at 127.0.0.1:1, where nobody answers"
            ),
        ] as [([String], [String: String], Int32, String)]
    )
    func refused(
        arguments: [String],
        environment: [String: String],
        status: Int32,
        reason: String
    ) throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["train", "--data", "digits"] + arguments,
            in: folder,
            environment: environment
        )
        #expect(result.status == status)
        #expect(result.errorLines.count == 1, "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(!folder.exists("runs"))
    }

    @Test("Another command than train is not done by every process")
    func otherCommand() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["compare", "--data", "digits"],
            in: folder,
            environment: [
                "WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1",
            ]
        )
        #expect(result.status == 64)
        #expect(result.errors.contains("error: rank 1: several processes train one run together"))
    }

    @Test("doctor says whether several processes can train")
    func doctor() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(["doctor"], in: folder, environment: ["OMP_NUM_THREADS": "1"])
        #expect(result.output.contains("processes      several, by Gloo"))
    }

    @Test("The scaling is measured by real processes")
    func bench() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(
            ["bench", "ranks", "--width", "2", "--batch-size", "8", "--rounds", "2", "--json"],
            in: folder
        )
        #expect(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let object = try #require(json as? [String: Any])
        #expect(object["ranks"] as? Int == 2)
        #expect((object["speedup_median"] as? Double ?? 0) > 0)
    }
}
