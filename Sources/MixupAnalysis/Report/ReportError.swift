import Foundation

/// A report that cannot be made or written; the message is one line.
public struct ReportError: Error, LocalizedError, CustomStringConvertible, Equatable {
    /// What was wrong, and what to do.
    public let message: String

    /// Creates an error with a message of one line.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
    /// The message.
    public var errorDescription: String? { message }
}
