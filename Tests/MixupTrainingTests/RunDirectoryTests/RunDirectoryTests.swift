import Foundation
import Glibc
import Testing

@testable import MixupTraining

@Suite("The folder of a run")
struct RunDirectoryTests {
    private let files = ["checkpoints", "environment.json", "lock", "metrics.jsonl", "recipe.yaml"]
    private let environment = ["libtorch": "2.13.0", "command": "train --output a/b"]

    private func create(_ path: String, recipe: Recipe = Recipe()) throws -> RunDirectory {
        try RunDirectory.create(at: path, recipe: recipe, environment: environment)
    }

    /// The message of the error, which must be one line.
    private func message(_ body: () throws -> RunDirectory) -> String {
        do {
            _ = try body()
            return "no error"
        } catch {
            let text = "\(error)"
            #expect(!text.hasLineBreak)
            return text
        }
    }

    @Test("A new run has all its files, and parents that were not there")
    func new() throws {
        let folder = try ScratchFolder()
        let recipe = Recipe(training: .init(epochs: 3))
        let run = try create(folder.path("runs/deep/a/"), recipe: recipe)
        #expect(run.path == folder.path("runs/deep/a"))
        #expect(try folder.names(in: "runs/deep") == ["a"])
        #expect(try folder.names(in: "runs/deep/a") == files)
        #expect(try run.recipe() == recipe)
        #expect(try folder.text("runs/deep/a/metrics.jsonl").isEmpty)
        #expect(try folder.text("runs/deep/a/lock") == "\(getpid())\n")
        let json = try Data(contentsOf: URL(fileURLWithPath: run.environmentPath))
        #expect(try JSONDecoder().decode([String: String].self, from: json) == environment)
        #expect(try folder.text("runs/deep/a/environment.json").contains("a/b"))
        try run.writeEnvironment(["device": "cpu"])
        #expect(try folder.text("runs/deep/a/environment.json") == "{\n  \"device\" : \"cpu\"\n}\n")
    }

    @Test("An empty folder is taken, also through a link")
    func empty() throws {
        let folder = try ScratchFolder()
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(
                atPath: folder.path(name),
                withIntermediateDirectories: false
            )
        }
        _ = try create(folder.path("a"))
        #expect(try folder.names(in: "a") == files)
        try Symlink.replace(folder.path("link"), target: "b")
        _ = try create(folder.path("link"))
        #expect(try folder.names(in: "b") == files)
    }

    @Test("A folder with something in it is refused, and the message names both ways on")
    func exists() throws {
        let folder = try ScratchFolder()
        let path = folder.path("a")
        _ = try create(path)
        let before = try folder.text("a/environment.json")
        let text = message { try create(path) }
        #expect(text.contains("--resume \(path)"))
        #expect(text.contains("--output"))
        #expect(try folder.names(in: "a") == files)
        #expect(try folder.text("a/environment.json") == before)
    }

    @Test("A path that cannot become a folder is refused, and nothing is left")
    func impossible() throws {
        let folder = try ScratchFolder()
        try folder.write("text", "file")
        #expect(message { try create(folder.path("file")) }.contains("is not a folder"))
        #expect(message { try create(folder.path("file/a")) }.contains("--output"))
        #expect(message { try create(folder.path("file/a/b")) }.contains("--output"))
        #expect(message { try create("") }.contains("the path is empty"))
        #expect(message { try create("/proc/run") }.contains("--output"))
        #expect(message { try create("/proc/runs/a/b") }.contains("--output"))
        let long = String(repeating: "x", count: 300)
        #expect(message { try create(folder.path("deep/\(long)")) }.contains("too long"))
        try Symlink.replace(folder.path("dangling"), target: "nowhere")
        #expect(message { try create(folder.path("dangling")) }.contains("is not a folder"))
        #expect(try folder.names() == ["dangling", "file"])
        #expect(try folder.text("file") == "text")
    }

    @Test("A parent that is not writable is refused", .enabled(if: geteuid() != 0))
    func notWritable() throws {
        let folder = try ScratchFolder()
        #expect(chmod(folder.path, 0o555) == 0)
        defer { chmod(folder.path, 0o755) }
        let text = message { try create(folder.path("a")) }
        #expect(text.contains("Permission denied"))
        #expect(text.contains("--output"))
    }

    @Test("A run that fails while it is made leaves nothing, wherever it was made")
    func failing() throws {
        let folder = try ScratchFolder()
        // JSON has no way to hold this, so writing environment.json fails half-way.
        let impossible = ["x": Double.nan]
        #expect(throws: EncodingError.self) {
            try RunDirectory.create(
                at: folder.path("runs/a"),
                recipe: Recipe(),
                environment: impossible
            )
        }
        #expect(try folder.names() == [])
        try FileManager.default.createDirectory(
            atPath: folder.path("empty"),
            withIntermediateDirectories: false
        )
        #expect(throws: EncodingError.self) {
            try RunDirectory.create(
                at: folder.path("empty"),
                recipe: Recipe(),
                environment: impossible
            )
        }
        #expect(try folder.names(in: "empty") == [])
        _ = try create(folder.path("empty"))
    }

    @Test("Only one at a time can train a run; reading it needs no lock")
    func lock() throws {
        let folder = try ScratchFolder()
        let path = folder.path("a")
        do {
            let run = try create(path)
            #expect(throws: RunDirectoryError.inUse(path: path, process: Int(getpid()))) {
                try RunDirectory.resume(path)
            }
            let text = message { try RunDirectory.resume(path) }
            #expect(text.contains("process \(getpid())"))
            #expect(try RunDirectory.open(path).recipe() == run.recipe())
            withExtendedLifetime(run) {}
        }
        do {
            let run = try RunDirectory.resume(path)
            #expect(throws: RunDirectoryError.self) { try RunDirectory.resume(path) }
            withExtendedLifetime(run) {}
        }
        _ = try RunDirectory.resume(path)
    }

    @Test("A run that is resumed is rid of what a killed process left in it")
    func resumeSweeps() throws {
        let folder = try ScratchFolder()
        _ = try create(folder.path("a"))
        for target in ["a/recipe.yaml", "a/checkpoints/step-7"] {
            try "half".write(
                toFile: TemporaryName.beside(folder.path(target)),
                atomically: false,
                encoding: .utf8
            )
        }
        try folder.write("kept", "a/checkpoints/step-6")
        _ = try RunDirectory.resume(folder.path("a"))
        #expect(try folder.names(in: "a") == files)
        #expect(try folder.names(in: "a/checkpoints") == ["step-6"])
    }

    @Test("What a killed process left of a new run is swept when the run is made again")
    func createSweeps() throws {
        let folder = try ScratchFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path(".a.2000000000-ab.partial/checkpoints"),
            withIntermediateDirectories: true
        )
        _ = try create(folder.path("a"))
        #expect(try folder.names() == ["a"])
    }

    @Test("What is no run cannot be opened")
    func noRun() throws {
        let folder = try ScratchFolder()
        try folder.write("", "file")
        for open in [RunDirectory.open, RunDirectory.resume] {
            let text = message { try open(folder.path("missing")) }
            #expect(text.contains("holds no run (there is no recipe.yaml)"))
            #expect(message { try open(folder.path) }.contains("holds no run"))
            #expect(message { try open(folder.path("file")) }.contains("is not a folder"))
        }
        #expect(try folder.names() == ["file"])
    }

    @Test("Of many that make the same run at once, one succeeds")
    func race() async throws {
        let folder = try ScratchFolder()
        for round in 0..<10 {
            let path = folder.path("runs/\(round)")
            if round % 2 == 0 {
                try FileManager.default.createDirectory(
                    atPath: path,
                    withIntermediateDirectories: true
                )
            }
            let successes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let run = try? RunDirectory.create(
                            at: path,
                            recipe: Recipe(),
                            environment: ["a": "b"]
                        )
                        return run != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
            #expect(try folder.names(in: "runs/\(round)") == files)
        }
        #expect(try folder.names(in: "runs").count == 10)
    }
}
