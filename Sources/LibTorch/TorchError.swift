internal import CLibTorch
import Foundation

/// What libtorch, or the code around it, could not do; the message is one line.
public struct TorchError: Error, LocalizedError, CustomStringConvertible, Equatable {
    /// What was wrong.
    public let message: String

    /// Creates an error; line breaks in the message, for example in a name that it quotes, become
    /// spaces.
    public init(_ message: String) {
        self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// The message.
    public var description: String { message }
    /// The message.
    public var errorDescription: String? { message }
}

/// Throws what libtorch said, if it failed.
func check(_ status: clt_status) throws {
    guard status == clt_status(CLT_OK) else {
        throw TorchError("libtorch: " + String(cString: clt_last_error()))
    }
}
