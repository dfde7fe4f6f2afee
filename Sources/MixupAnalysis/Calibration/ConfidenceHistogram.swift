import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// How sure a classifier is of some inputs, which need not have a true class.
///
/// The paper expects that Manifold Mixup makes it less sure off the data (sections 1 and 3.3).
public struct ConfidenceHistogram: Sendable, Codable, Equatable {
    /// What the inputs are.
    public let source: String
    /// The number of inputs.
    public let count: Int
    /// The mean probability of the most probable class.
    public let meanConfidence: Double
    /// The mean entropy of the probabilities, natural logarithm.
    public let meanEntropy: Double
    /// The number of inputs in each of the bins (b/M, (b + 1)/M] of confidence.
    public let counts: [Int]

    enum CodingKeys: String, CodingKey {
        case source, count, counts
        case meanConfidence = "mean_confidence"
        case meanEntropy = "mean_entropy"
    }

    /// Counts the confidences.
    ///
    /// - Parameters:
    ///   - probabilities: what the classifier says.
    ///   - source: what the inputs are.
    ///   - binCount: the number of bins, from 1.
    public init(_ probabilities: ClassProbabilities, source: String, binCount: Int = 15) {
        let confidences = probabilities.confidences
        var counts = [Int](repeating: 0, count: max(binCount, 1))
        for confidence in confidences { counts[confidence.bin(of: counts.count)] += 1 }
        self.source = source
        self.counts = counts
        count = confidences.count
        meanConfidence = confidences.reduce(0, +) / Double(count)
        meanEntropy = probabilities.entropies.reduce(0, +) / Double(count)
    }
}

extension Classifier {
    /// The probabilities that the model gives half-way between the hidden states of two examples of
    /// different classes.
    ///
    /// Every example is paired with one that is drawn at random; pairs of one class are left out.
    ///
    /// - Parameters:
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - dataset: the examples.
    ///   - seed: decides the pairs.
    ///   - batchSize: the number of examples at once.
    ///   - precision: the arithmetic that the model was made for.
    /// - Throws: `MixupError` for a boundary that the model does not have, or where no pair of different
    ///   classes was drawn.
    public func probabilitiesBetweenExamples(
        at boundary: Int,
        on dataset: Dataset,
        seed: UInt64 = 0,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> ClassProbabilities {
        var random = SplitMix64(seed: seed)
        let order = random.permutation(of: dataset.count)
        let pairs = order.enumerated().filter {
            dataset.labels[$0.offset] != dataset.labels[$0.element]
        }
        guard !pairs.isEmpty else {
            throw MixupError(
                "\(dataset.name): no two examples of different classes were drawn; take more examples"
            )
        }
        func states(_ indices: [Int]) throws -> Tensor {
            let batch = try dataset.minibatch(indices)
            let input = try Tensor(batch.features, shape: batch.shape).to(precision.dtype)
            return try hiddenStates(at: boundary, of: input)
        }
        var rows: [Double] = []
        try withoutGradients {
            let size = max(batchSize, 1)
            for start in stride(from: 0, to: pairs.count, by: size) {
                let part = pairs[start..<start + min(size, pairs.count - start)]
                let logits = try withBFloat16Autocast(precision == .bfloat16) {
                    let between = try states(part.map(\.offset))
                        .interpolated(to: states(part.map(\.element)), weight: 0.5)
                    return try self.logits(from: between, at: boundary, inputShape: dataset.shape)
                }
                rows += try logits.to(.float64).scalars(as: Double.self)
            }
        }
        return try ClassProbabilities(logits: rows, classCount: rows.count / pairs.count)
    }
}
