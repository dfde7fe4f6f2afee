import Foundation

/// A Python that has PyTorch, where there is one: `MANIFOLD_MIXUP_PYTHON`, or `python3` on the PATH.
enum Python {
    /// Why a test that needs it is skipped.
    static let skipMessage =
        "no Python with torch, safetensors and numpy; set MANIFOLD_MIXUP_PYTHON to one"

    /// Whether there is one.
    static let isAvailable = (try? run(["-c", "import torch, safetensors, numpy"]))?.status == 0

    /// Runs it to the end and returns its exit status and all that it printed.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [environment["MANIFOLD_MIXUP_PYTHON"] ?? "python3"] + arguments
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// Runs one of the parity scripts.
    static func run(
        script: String,
        _ arguments: [String]
    ) throws -> (status: Int32, output: String) {
        try run([Repository.scripts.appendingPathComponent(script).path] + arguments)
    }
}
