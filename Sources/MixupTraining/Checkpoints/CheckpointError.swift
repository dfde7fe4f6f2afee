import Foundation

/// Why a checkpoint cannot be used; the message is one line.
public enum CheckpointError: Error, LocalizedError, CustomStringConvertible, Equatable {
    /// There is none.
    case missing(folder: String)
    /// A file is truncated, altered, or not what it should be; `previous` is one to go on from.
    case damaged(file: String, reason: String, previous: String?)
    /// It belongs to another recipe, other data, or another version.
    case mismatch(file: String, reason: String)

    /// The message.
    public var description: String {
        switch self {
        case .missing(let folder):
            return "\(folder) holds no checkpoint yet; start the run anew with another --output"
        case .damaged(let file, let reason, let previous):
            let cure =
                previous.map { "the previous checkpoint is whole: add --checkpoint \($0)" }
                ?? "no earlier checkpoint is left; start the run anew"
            return "\(file) is damaged: \(reason); \(cure)"
        case .mismatch(let file, let reason):
            return "\(file) does not belong to this run: \(reason)"
        }
    }

    /// The message.
    public var errorDescription: String? { description }
}
