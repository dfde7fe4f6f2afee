import Yams

/// A length of time in whole seconds, written as "30s", "90m", "2h" or "1h30m".
public struct TimeSpan: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The length, 1 to 1,000,000,000.
    public let seconds: Int

    private static let units: [(name: Character, seconds: Int)] = [
        ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    /// Reads numbers with the units d, h, m and s, the largest first and each at most once; nil for
    /// anything else, and for no time at all.
    public init?(_ text: String) {
        var rest = Substring(text)
        var total = 0
        for unit in Self.units {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard rest.dropFirst(digits.count).first == unit.name else { continue }
            guard let count = Int(digits), count <= Recipe.largestCount else { return nil }
            total += count * unit.seconds
            rest = rest.dropFirst(digits.count + 1)
        }
        guard rest.isEmpty, (1...Recipe.largestCount).contains(total) else { return nil }
        seconds = total
    }

    /// The time in the fewest units: "1h30m" for 90 minutes.
    public var description: String {
        var rest = seconds
        return Self.units.map { unit in
            defer { rest %= unit.seconds }
            return rest >= unit.seconds ? "\(rest / unit.seconds)\(unit.name)" : ""
        }.joined()
    }
}

extension TimeSpan: RecipeScalar {
    init?(scalar: Node.Scalar) { self.init(scalar.string) }

    static let allowed = "a time such as 30s, 90m, 2h or 1h30m"

    var yaml: String { description }
}
