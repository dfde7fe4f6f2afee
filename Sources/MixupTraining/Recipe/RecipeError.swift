import Foundation

/// What is wrong with a recipe, in one line: the file, the key, what was found, what is allowed.
public struct RecipeError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// The file, or whatever else the recipe came from.
    public let source: String
    /// The line in the file, from 1, where it is known.
    public let line: Int?
    /// The key, as in `method.alpha`; nil when the whole text is at fault.
    public let keyPath: String?
    /// What is wrong and what to do.
    public let problem: String

    /// An error with its own wording.
    init(source: String, line: Int? = nil, keyPath: String? = nil, problem: String) {
        self.source = source
        self.line = line
        self.keyPath = keyPath
        self.problem = problem
    }

    /// An impossible value.
    init(source: String, line: Int? = nil, keyPath: String, found: String, allowed: String) {
        self.init(
            source: source,
            line: line,
            keyPath: keyPath,
            problem: "found \(found.shortened), allowed is \(allowed)"
        )
    }

    /// The message, always one line.
    public var description: String {
        let place = line.map { "\(source):\($0)" } ?? source
        return [place, keyPath, problem].compactMap(\.self).joined(separator: ": ").onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}

extension String {
    /// The text with every control character and line break written as an escape.
    var onOneLine: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return unicodeScalars.map { $0.isControl ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    /// At most about 60 characters of the text, for quoting what a user wrote.
    var shortened: String {
        guard unicodeScalars.count > 60 else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(57))) + "…"
    }
}

extension Unicode.Scalar {
    /// Whether the scalar would break the line or move the cursor.
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
