/// The keys of one section of a recipe, spelled as in YAML.
protocol SectionKey: CodingKey, CaseIterable, Sendable {}

/// One section of a recipe: it reads itself, lists what it holds and knows what is impossible.
protocol RecipeSection: Codable, Equatable, Sendable {
    associatedtype CodingKeys: SectionKey

    /// Takes what the reader has and a default for everything else.
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError)

    /// The settings that mean something here, in the order in which they are written.
    ///
    /// What is not listed must be at its default, or writing the recipe would lose it;
    /// ``check(_:)`` sees to that.
    var entries: [(CodingKeys, any RecipeValue)] { get }

    /// Throws ``RecipeError`` for the first impossible value.
    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError)
}

/// Turns a broken rule into a message with the file, the key, what was found and what is allowed.
struct SectionRules<Key: SectionKey> {
    let source: String
    let section: String

    /// Throws ``RecipeError`` unless the condition holds.
    func require(
        _ condition: Bool,
        _ key: Key,
        found: any RecipeValue,
        allowed: String
    ) throws(RecipeError) {
        guard !condition else { return }
        throw RecipeError(
            source: source,
            keyPath: "\(section).\(key.stringValue)",
            found: found.yaml,
            allowed: allowed
        )
    }

    /// Throws ``RecipeError`` unless the number is finite and in the range.
    func require<Range: RangeExpression<Double>>(
        _ value: Double,
        in range: Range,
        _ key: Key,
        allowed: String
    ) throws(RecipeError) {
        try require(value.isFinite && range.contains(value), key, found: value, allowed: allowed)
    }

    /// Throws ``RecipeError`` unless the whole number is in the range.
    func require(_ value: Int, in range: ClosedRange<Int>, _ key: Key) throws(RecipeError) {
        try require(
            range.contains(value),
            key,
            found: value,
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        )
    }

    /// Throws ``RecipeError`` when a setting that `name` has no use for is not at its default.
    func unused<Value: RecipeValue & Equatable>(
        _ key: Key,
        _ value: Value,
        default usual: Value,
        by name: any RecipeValue
    ) throws(RecipeError) {
        try require(
            value == usual,
            key,
            found: value,
            allowed: "nothing here: \(name.yaml) has no use for it, leave it out"
        )
    }
}
