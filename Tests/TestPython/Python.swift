import Foundation

/// A Python for tests: `MANIFOLD_MIXUP_PYTHON`, or `python3` on the PATH.
public enum Python {
    /// The program ended with another status than 0.
    public struct Failed: Error {
        /// Its exit status.
        public let status: Int32
    }

    /// Whether there is one that has some modules.
    public static func has(_ modules: String...) -> Bool {
        (try? output(of: ["-c", "import " + modules.joined(separator: ", ")])) != nil
    }

    /// Why tests that need modules, "torch and numpy", are skipped.
    public static func skipMessage(_ modules: String) -> String {
        "no Python with \(modules); set MANIFOLD_MIXUP_PYTHON to one"
    }

    /// What it prints, but for errors.
    ///
    /// - Throws: ``Failed`` if it ends with another status than 0.
    public static func output(of arguments: [String]) throws -> Data {
        let result = try run(arguments, showsErrors: false)
        guard result.status == 0 else { throw Failed(status: result.status) }
        return result.output
    }

    /// Runs one of this repository's scripts, such as "parity/exported.py", to the end, and returns its
    /// exit status and all that it printed.
    public static func run(
        script: String,
        _ arguments: [String]
    ) throws -> (status: Int32, output: String) {
        let path = repository.appendingPathComponent("scripts/" + script).path
        let result = try run([path] + arguments, showsErrors: true)
        return (result.status, String(decoding: result.output, as: UTF8.self))
    }

    private static let repository = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }

    private static func run(
        _ arguments: [String],
        showsErrors: Bool
    ) throws -> (status: Int32, output: Data) {
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [environment["MANIFOLD_MIXUP_PYTHON"] ?? "python3"] + arguments
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = showsErrors ? pipe : FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
