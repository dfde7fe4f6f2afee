import Foundation
import Glibc

/// A program of the system that does a part of the work.
struct SystemProgram {
    /// What it is called.
    let name: String
    /// The package that brings it, where that has another name.
    let package: String
    /// Its environment, in whose `PATH` it is looked for.
    let environment: [String: String]

    init(
        _ name: String,
        package: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.name = name
        self.package = package ?? name
        self.environment = environment
    }

    /// The file that would be run, or nil where the program is not installed.
    var executable: String? {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { file in
            FileBytes.kind(of: file) == .typeRegular
                && FileManager.default.isExecutableFile(atPath: file)
        }
    }

    /// Throws, naming the package to install, where the program is not installed.
    ///
    /// - Parameter path: the file that it is needed for.
    func require(for path: String) throws {
        guard executable == nil else { return }
        throw DataError.unreadableFile(
            path: path,
            reason: "\(name) is needed and not installed; install the package \(package)"
        )
    }

    /// What became of a run.
    struct Outcome {
        /// Whether the program ended by itself, with success.
        let isSuccess: Bool
        /// The exit code, or the signal that ended it.
        let status: Int32
        /// The start of what it wrote to standard output, on one line.
        fileprivate(set) var output = ""
        /// The start of what it wrote to standard error, on one line.
        let complaint: String
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: what it is given.
    ///   - input: its standard input; nothing where it is not given.
    ///   - folder: where it runs.
    ///   - path: the file that messages name.
    ///   - watch: called every second; the program is stopped where it throws.
    func run(
        _ arguments: [String],
        input: FileHandle = .nullDevice,
        in folder: String? = nil,
        path: String,
        watch: () throws -> Void = {}
    ) throws -> Outcome {
        var words: Drain?
        var outcome = try run(arguments, input: input, in: folder, path: path, watch: watch) {
            words = Drain($0)
        }
        outcome.output = words?.finish() ?? ""
        return outcome
    }

    /// Runs the program to its end while its standard output is read.
    ///
    /// That is a pipe: when this process dies, however it dies, the program ends at the next line
    /// it writes.
    ///
    /// - Parameters:
    ///   - arguments: what it is given.
    ///   - input: its standard input; nothing where it is not given.
    ///   - folder: where it runs.
    ///   - path: the file that messages name.
    ///   - watch: called every second after `read`; the program is stopped where it throws.
    ///   - read: reads the pipe, here or on a thread; the program is stopped where it throws.
    func run(
        _ arguments: [String],
        input: FileHandle = .nullDevice,
        in folder: String? = nil,
        path: String,
        watch: () throws -> Void = {},
        read: (FileHandle) throws -> Void
    ) throws -> Outcome {
        try require(for: path)
        let process = Process()
        let output = Pipe()
        let complaints = Pipe()
        let isDone = DispatchSemaphore(value: 0)
        process.executableURL = executable.map { URL(fileURLWithPath: $0) }
        process.arguments = arguments
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = complaints
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        process.terminationHandler = { _ in isDone.signal() }
        do {
            try process.run()
        } catch {
            throw DataError.unreadableFile(
                path: path,
                reason: "\(name) cannot be started: \(error.localizedDescription)"
            )
        }
        let complaint = Drain(complaints.fileHandleForReading)
        var refusal: (any Error)?
        do {
            try read(output.fileHandleForReading)
        } catch {
            refusal = error
            stop(process)
        }
        while isDone.wait(timeout: .now() + 1) == .timedOut {
            guard refusal == nil else { continue }
            do {
                try watch()
            } catch {
                refusal = error
                stop(process)
            }
        }
        let reason = complaint.finish()
        if let refusal { throw refusal }
        return Outcome(
            isSuccess: process.terminationReason == .exit && process.terminationStatus == 0,
            status: process.terminationStatus,
            complaint: reason
        )
    }

    /// Ends a process in the way that it cannot refuse.
    ///
    /// A thread of Swift's own blocks signals, and what it starts inherits that.
    private func stop(_ process: Process) {
        kill(process.processIdentifier, SIGKILL)
    }
}
