import Foundation
import ManifoldMixup

/// What a classifier says of some examples: a probability for every class.
public struct ClassProbabilities: Sendable, Equatable {
    /// The number of classes.
    public let classCount: Int
    /// The logits, example after example.
    public let logits: [Double]
    /// The natural logarithms of the probabilities, example after example.
    public let logarithms: [Double]

    /// The number of examples.
    public var count: Int { logits.count / classCount }

    /// The softmax of logits.
    ///
    /// - Parameters:
    ///   - logits: [N, C], row after row.
    ///   - classCount: C, from 1.
    /// - Throws: `MixupError` where there are none, where they do not make whole rows, or one is not
    ///   finite.
    public init(logits: [Double], classCount: Int) throws {
        guard classCount >= 1, !logits.isEmpty, logits.count.isMultiple(of: classCount) else {
            throw MixupError(
                "\(logits.count) logits are not one or more rows of \(classCount) classes"
            )
        }
        guard logits.allSatisfy(\.isFinite) else {
            throw MixupError("a logit is not a finite number; the model's weights may be broken")
        }
        self.init(finite: logits, classCount: classCount)
    }

    private init(finite logits: [Double], classCount: Int) {
        self.classCount = classCount
        self.logits = logits
        var logarithms = logits
        for start in stride(from: 0, to: logits.count, by: classCount) {
            let row = logits[start..<start + classCount]
            let largest = row.max() ?? 0
            let total = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
            for index in row.indices { logarithms[index] = logits[index] - total }
        }
        self.logarithms = logarithms
    }

    /// The probabilities after the logits were divided by a temperature, which is above 0.
    func tempered(_ temperature: Double) -> ClassProbabilities {
        ClassProbabilities(finite: logits.map { $0 / temperature }, classCount: classCount)
    }

    /// Where an example's numbers lie.
    func row(_ example: Int) -> Range<Int> {
        example * classCount..<(example + 1) * classCount
    }

    /// The most probable class of each example, the first of equals.
    public var predictions: [Int] {
        (0..<count).map { example in
            let row = row(example)
            let best = row.dropFirst().reduce(row.lowerBound) {
                logarithms[$1] > logarithms[$0] ? $1 : $0
            }
            return best - row.lowerBound
        }
    }

    /// The probability of the most probable class of each example.
    public var confidences: [Double] {
        (0..<count).map { exp(logarithms[row($0)].max() ?? 0) }
    }

    /// The entropy of each example's probabilities, natural logarithm.
    public var entropies: [Double] {
        (0..<count).map { example in
            logarithms[row(example)].reduce(0) { $0 - exp($1) * $1 }
        }
    }
}
