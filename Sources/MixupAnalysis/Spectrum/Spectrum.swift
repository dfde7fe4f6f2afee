import Foundation
import LibTorch
import ManifoldMixup

/// The singular values of a matrix of hidden states, one row an example.
///
/// The paper compares the largest with the sum of all others (section 3.2): where a class is
/// flattened, the others are small.
public struct Spectrum: Sendable, Equatable, Encodable {
    /// The singular values in descending order, as many as the matrix has rows or columns, whichever
    /// are fewer.
    public let values: [Double]

    /// A spectrum of given singular values, in any order, none below 0.
    public init(values: [Double]) {
        self.values = values.sorted(by: >)
    }

    /// The spectrum of hidden states [N, D].
    ///
    /// - Parameters:
    ///   - states: the examples' states, one in a row.
    ///   - isCentred: whether the mean state is subtracted first. Without that, the first direction is
    ///     about the mean's.
    ///   - isDividedByRootOfCount: whether the values are divided by √N, which makes those of few and
    ///     many examples comparable; centred, their squares are then the variances along the
    ///     directions.
    /// - Throws: `MixupError` where a state is not finite.
    public init(
        of states: Tensor,
        isCentred: Bool,
        isDividedByRootOfCount: Bool = false
    ) throws {
        var rows = try states.to(.float64)
        guard try rows.sum().item().isFinite else {
            throw MixupError(
                "a hidden state is not a finite number; the model's weights may be broken"
            )
        }
        if isCentred { rows = try rows - rows.mean([0], keepingDimensions: true) }
        if isDividedByRootOfCount { rows = try rows * (1 / Double(rows.shape[0]).squareRoot()) }
        self.init(values: try rows.singularValues().scalars(as: Double.self))
    }

    /// The largest singular value; 0 where there is none.
    public var largest: Double { values.first ?? 0 }

    /// The sum of all but the largest.
    public var sumOfOthers: Double { values.dropFirst().reduce(0, +) }

    /// The effective rank (Roy and Vetterli, 2007): e to the power of the entropy of the values' shares
    /// in their sum, from 1 to the number of values; 0 where all of them are 0.
    public var effectiveRank: Double {
        let total = values.reduce(0, +)
        guard total > 0 else { return 0 }
        let shares = values.map { $0 / total }.filter { $0 > 0 }
        return exp(-shares.reduce(0) { $0 + $1 * log($1) })
    }

    enum CodingKeys: String, CodingKey {
        case largest
        case sumOfOthers = "sum_of_others"
        case effectiveRank = "effective_rank"
        case values
    }

    /// Writes the values, and what follows from them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(largest, forKey: .largest)
        try container.encode(sumOfOthers, forKey: .sumOfOthers)
        try container.encode(effectiveRank, forKey: .effectiveRank)
        try container.encode(values, forKey: .values)
    }
}
