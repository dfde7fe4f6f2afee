import Foundation

/// Runs the built tool as a user would.
enum Tool {
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// The lines on standard error.
        var errorLines: [Substring] { errors.split(separator: "\n") }
    }

    /// The tool.
    static let executable = product("manifold-mixup")

    /// A program beside this test's own product.
    static func product(_ name: String) -> URL {
        var folder = Bundle.main.bundleURL
        // Under the test runner the main bundle is the build folder or lies below it.
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: candidate.path),
                !candidate.hasDirectoryPath
            {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return URL(fileURLWithPath: "/\(name)-was-not-built")
    }

    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts the tool; its output goes to files, so that no pipe can fill up.
    static func start(
        _ arguments: [String],
        in folder: ScratchFolder,
        environment: [String: String] = [:],
        program: URL = executable
    ) throws -> (process: Process, output: URL, errors: URL) {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let name = UUID().uuidString
        let output = folder.url.appendingPathComponent(name + ".out")
        let errors = folder.url.appendingPathComponent(name + ".err")
        for url in [output, errors] { try Data().write(to: url) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        return (process, output, errors)
    }

    static func run(
        _ arguments: [String],
        in folder: ScratchFolder,
        environment: [String: String] = [:],
        program: URL = executable
    ) throws -> Result {
        let (process, output, errors) = try start(
            arguments,
            in: folder,
            environment: environment,
            program: program
        )
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8)
        )
    }
}

/// A folder that goes with the value.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("manifold-mixup-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a text file and returns its name.
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return name
    }

    func contents(_ path: String) throws -> Data {
        try Data(contentsOf: url.appendingPathComponent(path))
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent(path).path)
    }
}

extension Tool.Result {
    /// The test error in percent that `train` or `evaluate` has printed, of the last epoch.
    var testError: Substring? {
        output.firstMatch(of: /(?:\(last\)|test error) +([0-9.]+)/)?.1
    }
}
