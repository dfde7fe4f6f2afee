import Foundation
import Glibc

/// A file operation that the system refused: what was tried, on which path, and why.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// What was tried, as in "write".
    public let action: String
    /// The file or folder.
    public let path: String
    /// The system's error number.
    public let code: Int32

    /// An error with the system's number, by default that of the last call.
    public init(_ action: String, _ path: String, code: Int32 = errno) {
        self.action = action
        self.path = path
        self.code = code
    }

    /// The message, one line, with what to do where the reason says it.
    public var description: String {
        let cure =
            switch code {
            case ENOSPC, EDQUOT: "; free some space"
            case EACCES, EPERM, EROFS: "; choose a place that you may write to"
            default: ""
            }
        return "cannot \(action) \(path): \(systemReason(code))\(cure)".onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}
