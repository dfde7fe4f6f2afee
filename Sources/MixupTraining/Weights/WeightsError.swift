import Foundation

/// Why weights cannot be read, or do not fit; the message is one line.
public enum WeightsError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// A file that holds no weights, or impossible ones.
    case unreadable(file: String, reason: String)
    /// Weights of another network.
    case mismatch(file: String, network: String, problems: [String], cure: String)
    /// Something that should be written is there already.
    case exists(file: String)

    /// The message, always one line.
    public var description: String {
        let text =
            switch self {
            case .unreadable(let file, let reason):
                "\(file): \(reason)"
            case .mismatch(let file, let network, let problems, let cure):
                "\(file) does not fit \(network): \(problems.joined(separator: "; ")); \(cure)"
            case .exists(let file):
                "\(file) exists already; choose another name, or remove it first"
            }
        return text.onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}
