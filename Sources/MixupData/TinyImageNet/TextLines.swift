import Foundation

/// The lines of a small text file.
enum TextLines {
    /// One line and where it stands.
    struct Line {
        /// From 1.
        let number: Int
        let text: String

        func invalid(_ reason: String, _ path: String) -> DataError {
            .invalidFile(path: path, reason: "line \(number): \(reason)")
        }
    }

    /// Reads a file in UTF-8, without blank lines and the blanks around a line.
    static func read(_ path: String) throws -> [Line] {
        let bytes = try FileBytes.read(path, limit: 1 << 26)
        guard let text = String(bytes: bytes, encoding: .utf8) else {
            throw DataError.invalidFile(path: path, reason: "this is not a text in UTF-8")
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
            .map { Line(number: $0 + 1, text: $1.trimmingCharacters(in: .whitespaces)) }
            .filter { !$0.text.isEmpty }
    }
}
