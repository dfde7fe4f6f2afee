import Foundation
import Yams

/// Takes YAML text to the tree of its one document.
enum RecipeDocument {
    /// A recipe repeats nothing; many aliases are how a small file becomes a huge tree.
    private static let mostAliases = 8

    /// The root of the document.
    ///
    /// Throws ``RecipeError`` with the line where the YAML is broken.
    static func root(of yaml: String, source: String) throws(RecipeError) -> Node {
        guard yaml.utf8.count <= RecipeFile.largestSize else {
            throw RecipeError(
                source: source,
                problem: "is larger than \(RecipeFile.largestSize) bytes, so it is no recipe"
            )
        }
        guard aliasCount(yaml) <= mostAliases else {
            throw RecipeError(
                source: source,
                problem: "uses more than \(mostAliases) YAML aliases (*name); write the values out"
            )
        }
        let node: Node?
        do {
            // The parser keeps a pointer into the text, which only a text of more than 15 bytes
            // keeps in one place; so none is shorter.
            let text = withoutByteOrderMark(yaml) + "\n# end of the recipe\n"
            node = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            let lines = 1 + yaml.utf8.count { $0 == UInt8(ascii: "\n") }
            throw RecipeError(error, source: source, lines: lines)
        } catch {
            throw RecipeError(source: source, problem: "is not YAML: \(error)")
        }
        guard let node, !node.isNull else {
            throw RecipeError(
                source: source,
                problem: "is empty; a recipe needs at least one setting, "
                    + "such as 'data: { source: digits }'"
            )
        }
        return node
    }

    /// The text without the mark that some editors write first.
    private static func withoutByteOrderMark(_ yaml: String) -> String {
        guard yaml.unicodeScalars.first == "\u{FEFF}" else { return yaml }
        return String(yaml.unicodeScalars.dropFirst())
    }

    /// How many times a `*` is followed by a letter, digit, `-` or `_`, wherever that is.
    private static func aliasCount(_ yaml: String) -> Int {
        var count = 0
        var afterStar = false
        for byte in yaml.utf8 {
            let isName =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F || byte >= 0x80
            if afterStar && isName { count += 1 }
            afterStar = byte == 0x2A
        }
        return count
    }
}

extension RecipeError {
    /// The parser's complaint as one line, about one of the recipe's `lines`.
    fileprivate init(_ error: YamlError, source: String, lines: Int) {
        switch error {
        case .scanner(_, let problem, let mark, _),
            .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let line = min(mark.line, lines)
            self.init(source: source, line: line, problem: "is not valid YAML: \(problem)")
        case .reader(let problem, let offset, _, let yaml):
            let line = offset.map { 1 + yaml.prefix($0).count(where: \.isNewline) }
            self.init(source: source, line: line, problem: "is not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "'\($0.shortened)'" }.joined(separator: ", ")
            self.init(
                source: source,
                line: context.mark.line,
                problem: "the key \(names.shortened) appears twice; keep one"
            )
        case .memory:
            self.init(source: source, problem: "is nested too deeply for a recipe")
        default:
            self.init(source: source, problem: "is not valid YAML: \(error)")
        }
    }
}

extension Node {
    /// Whether the node is YAML's null or stands for a value that was left out.
    var isNull: Bool {
        guard case .scalar(let scalar) = self, !scalar.isQuoted else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// The node in a few words, for a message.
    var found: String {
        switch self {
        case .scalar(let scalar) where isNull: scalar.string.isEmpty ? "nothing" : scalar.string
        case .scalar(let scalar) where scalar.isQuoted: scalar.string.shortened.yaml
        case .scalar(let scalar): "'\(scalar.string.shortened)'"
        case .sequence: "a list"
        case .mapping: "a section of keys"
        case .alias: "an alias"
        }
    }
}

extension Node.Scalar {
    /// Whether the writer marked the scalar as text.
    var isQuoted: Bool { style != .plain && style != .any }
}
