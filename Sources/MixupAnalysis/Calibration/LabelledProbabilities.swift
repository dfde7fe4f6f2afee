import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// What a classifier says of some examples, and what is true.
public struct LabelledProbabilities: Sendable, Equatable {
    /// What the classifier says.
    public let probabilities: ClassProbabilities
    /// The true classes.
    public let labels: [Int]

    /// Puts both together.
    ///
    /// - Throws: `MixupError` where there is not one label, of a class that there is, for each example.
    public init(_ probabilities: ClassProbabilities, labels: [Int]) throws {
        guard labels.count == probabilities.count,
            labels.allSatisfy((0..<probabilities.classCount).contains)
        else {
            throw MixupError(
                "\(probabilities.count) examples of \(probabilities.classCount) classes need as many "
                    + "labels of these classes"
            )
        }
        self.probabilities = probabilities
        self.labels = labels
    }

    /// Whether each example's most probable class is the true one.
    var hits: [Bool] { zip(probabilities.predictions, labels).map(==) }

    /// The mean negative log likelihood of the true class, natural logarithm.
    public var negativeLogLikelihood: Double {
        let sum = labels.enumerated().reduce(0) { sum, entry in
            sum - probabilities.logarithms[entry.offset * probabilities.classCount + entry.element]
        }
        return sum / Double(labels.count)
    }

    /// Brier's score: the mean squared distance between the probabilities and the true class as a
    /// row with a single one, 0...2.
    public var brierScore: Double {
        let sum = labels.enumerated().reduce(0.0) { sum, entry in
            let row = probabilities.row(entry.offset)
            return row.reduce(sum) { sum, index in
                let truth = index - row.lowerBound == entry.element ? 1.0 : 0
                let distance = exp(probabilities.logarithms[index]) - truth
                return sum + distance * distance
            }
        }
        return sum / Double(labels.count)
    }

    /// The examples at some positions, at least one.
    func subset(_ positions: [Int]) throws -> LabelledProbabilities {
        let rows = positions.flatMap { probabilities.logits[probabilities.row($0)] }
        return try LabelledProbabilities(
            ClassProbabilities(logits: rows, classCount: probabilities.classCount),
            labels: positions.map { labels[$0] }
        )
    }
}

extension Classifier {
    /// The probabilities that the model gives to the examples of a data set, without mixing.
    ///
    /// - Parameters:
    ///   - dataset: the examples.
    ///   - batchSize: the number of examples at once.
    ///   - precision: the arithmetic that the model was made for.
    public func probabilities(
        on dataset: Dataset,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> ClassProbabilities {
        var rows: [Double] = []
        try withoutGradients {
            try dataset.forEachBatch(of: batchSize, dtype: precision.dtype) { _, input, _ in
                let logits = try withBFloat16Autocast(precision == .bfloat16) {
                    try self(input, ForwardPass())
                }
                rows += try logits.to(.float64).scalars(as: Double.self)
            }
        }
        return try ClassProbabilities(logits: rows, classCount: rows.count / dataset.count)
    }

    /// The same with the data set's labels.
    public func labelledProbabilities(
        on dataset: Dataset,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> LabelledProbabilities {
        try LabelledProbabilities(
            probabilities(on: dataset, batchSize: batchSize, precision: precision),
            labels: dataset.labels
        )
    }
}
