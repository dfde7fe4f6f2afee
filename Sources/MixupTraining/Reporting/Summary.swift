import Foundation

/// The mean and the spread of several values, such as the errors of several seeds.
public struct Summary: Equatable, Sendable, Encodable {
    /// How many values there were.
    public let count: Int
    /// Their mean; NaN when there were none.
    public let mean: Double
    /// Their sample standard deviation (divided by n − 1), or nil for fewer than two.
    public let standardDeviation: Double?

    enum CodingKeys: String, CodingKey {
        case count, mean
        case standardDeviation = "standard_deviation"
    }

    /// The summary of the values.
    public init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        count = values.count
        guard values.count > 1 else {
            standardDeviation = nil
            return
        }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardDeviation = (squares / Double(values.count - 1)).squareRoot()
    }

    /// The summary as "4.83 ± 0.07", without the "±" for one value, "–" for none.
    public func formatted(decimals: Int) -> String {
        guard count > 0 else { return "–" }
        func text(_ value: Double) -> String { String(format: "%.\(max(0, decimals))f", value) }
        return standardDeviation.map { "\(text(mean)) ± \(text($0))" } ?? text(mean)
    }
}
