import Foundation

/// A setting of the method that cannot be, or a model that does not keep to what it declares; the
/// message is one line.
public struct MixupError: Error, LocalizedError, CustomStringConvertible, Equatable {
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
