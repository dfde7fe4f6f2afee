import Yams

/// Reads the values of one section and refuses keys that the section does not have.
struct SectionReader<Key: SectionKey> {
    private let source: String
    private let name: String?
    private let nodes: [String: Node]

    /// Takes a section's node; nil or null is a section with nothing in it.
    ///
    /// `name` is nil for the recipe itself. Throws ``RecipeError`` for a node that is not a
    /// section and for an unknown key.
    init(node: Node?, name: String?, source: String, line: Int?) throws(RecipeError) {
        self.source = source
        self.name = name
        guard let node, !node.isNull else {
            nodes = [:]
            return
        }
        guard case .mapping(let mapping) = node else {
            throw RecipeError(
                source: source,
                line: node.mark?.line ?? line,
                keyPath: name ?? "recipe",
                found: node.found,
                allowed: "a section with the keys \(Self.keyList)"
            )
        }
        var nodes: [String: Node] = [:]
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw RecipeError(
                    source: source,
                    line: key.mark?.line,
                    keyPath: name,
                    problem: "found \(key.found) as a key, known keys are \(Self.keyList)"
                )
            }
            guard Key(stringValue: scalar.string) != nil else {
                throw RecipeError(
                    source: source,
                    line: scalar.mark?.line,
                    keyPath: name,
                    problem: Self.unknown(scalar.string)
                )
            }
            nodes[scalar.string] = value
        }
        self.nodes = nodes
    }

    /// The reader of a section of this one.
    func section<Inner: SectionKey>(_ key: Key) throws(RecipeError) -> SectionReader<Inner> {
        try SectionReader<Inner>(
            node: nodes[key.stringValue],
            name: path(key),
            source: source,
            line: nodes[key.stringValue]?.mark?.line
        )
    }

    /// A single value, or nil when the key is absent or null.
    func value<Value: RecipeScalar>(_ key: Key) throws(RecipeError) -> Value? {
        guard let node = nodes[key.stringValue], !node.isNull else { return nil }
        return try scalar(node, key)
    }

    /// A list, or nil when the key is absent or null; a lone value is a list of one.
    func values<Value: RecipeScalar>(_ key: Key) throws(RecipeError) -> [Value]? {
        guard let node = nodes[key.stringValue], !node.isNull else { return nil }
        guard case .sequence(let sequence) = node else { return [try scalar(node, key)] }
        var values: [Value] = []
        for element in sequence {
            values.append(try scalar(element, key))
        }
        return values
    }

    private func scalar<Value: RecipeScalar>(_ node: Node, _ key: Key) throws(RecipeError) -> Value
    {
        if case .scalar(let scalar) = node, !node.isNull, let value = Value(scalar: scalar) {
            return value
        }
        throw RecipeError(
            source: source,
            line: node.mark?.line,
            keyPath: path(key),
            found: node.found,
            allowed: Value.allowed
        )
    }

    private func path(_ key: Key) -> String {
        name.map { "\($0).\(key.stringValue)" } ?? key.stringValue
    }

    private static var keyList: String {
        Key.allCases.map(\.stringValue).joined(separator: ", ")
    }

    /// Names an unknown key, the known ones, and the one that may have been meant.
    private static func unknown(_ key: String) -> String {
        let near =
            NearestName.of(key, among: Key.allCases.map(\.stringValue))
            ?? Recipe.keyPaths.first { $0.hasSuffix(".\(key)") }
        let start = "unknown key '\(key.shortened)'"
        guard let near else { return "\(start); known keys are \(keyList)" }
        return "\(start), did you mean '\(near)'? Known keys are \(keyList)"
    }
}
