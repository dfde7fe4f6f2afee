import Synchronization

/// Where the library's one-line notices go, such as "unpacking …" before something that takes long.
///
/// Nobody hears them unless a program says who does:
///
/// ```swift
/// DataNotice.listener = { print($0) }
/// ```
public enum DataNotice {
    private static let current = Mutex<(@Sendable (String) -> Void)?>(nil)

    /// Receives each notice, a line without its end, on whatever thread it comes up.
    public static var listener: (@Sendable (String) -> Void)? {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// Says something to whoever listens.
    static func say(_ line: String) {
        listener?(DataError.oneLine(line))
    }
}
