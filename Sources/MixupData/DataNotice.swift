/// Where a library's one-line notices go, such as "unpacking …" before something that takes long.
///
/// Nobody hears them unless a program says who does:
///
/// ```swift
/// let splits = try DataNotice.$listener.withValue({ print($0) }) {
///     try DataSource.load(["cifar-10"], dataDirectory: "data")
/// }
/// ```
public enum DataNotice {
    /// Receives each notice, a line without its end.
    @TaskLocal public static var listener: (@Sendable (String) -> Void)?

    /// Says something to whoever listens.
    static func say(_ line: String) {
        listener?(DataError.oneLine(line))
    }
}
