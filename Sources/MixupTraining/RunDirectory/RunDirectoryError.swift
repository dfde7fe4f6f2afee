import Foundation

/// Why a run folder cannot be made or opened, in one line, with the cure.
public enum RunDirectoryError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// The folder for a new run has something in it.
    case exists(path: String)
    /// There is something that is not a folder.
    case notAFolder(path: String)
    /// The folder cannot be made or written to; `reason` is the system's.
    case notWritable(path: String, reason: String)
    /// There is no run there: nothing, or a folder without a recipe.
    case noRun(path: String)
    /// Another process holds the run's lock; its id, where it is known.
    case inUse(path: String, process: Int?)

    /// The message, always one line.
    public var description: String {
        let text =
            switch self {
            case .exists(let path):
                "the run folder \(path) exists and is not empty; "
                    + "continue that run with --resume \(path), or choose another with --output"
            case .notAFolder(let path):
                "\(path) is not a folder; choose another with --output"
            case .notWritable(let path, let reason):
                "cannot make the run folder \(path): \(reason); choose another with --output"
            case .noRun(let path):
                "\(path) holds no run (there is no \(RunDirectory.recipeName)); check the path"
            case .inUse(let path, let process):
                "the run in \(path) is in use by "
                    + (process.map { "process \($0)" } ?? "another process")
                    + "; wait for it or stop it first"
            }
        return text.onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}
