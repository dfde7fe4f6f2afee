import LibTorch

/// How well predictions agree with the true classes.
public struct Score: Sendable, Codable, Equatable {
    /// The number of examples.
    public let count: Int
    /// The share of examples whose most probable class is wrong, in 0...1.
    public let error: Double
    /// The mean negative log likelihood of the true class, natural logarithm.
    public let negativeLogLikelihood: Double

    /// The share of examples whose most probable class is right, in 0...1.
    public var accuracy: Double { 1 - error }

    enum CodingKeys: String, CodingKey {
        case count, error
        case negativeLogLikelihood = "nll"
    }
}

/// Adds up a score, batch after batch.
struct ScoreSum {
    private var count = 0
    private var correct = 0.0
    private var logLikelihood = 0.0

    /// Adds logits [N, C] for examples of the classes `labels` (int64, [N]).
    ///
    /// - Returns: the most probable classes (int64, [N]).
    @discardableResult
    mutating func add(_ logits: Tensor, labels: Tensor) throws -> Tensor {
        try withoutGradients {
            let shape = try logits.shape
            let logits = try logits.to(.float64)
            let predicted = try logits.indexOfMaximum()
            let targets = try labels.oneHot(classCount: shape.last ?? 0, dtype: .float64)
            count += shape.first ?? 0
            correct += try predicted.equalElements(labels).sum().item()
            logLikelihood += try (targets * logits.logSoftmax()).sum().item()
            return predicted
        }
    }

    /// The score of everything that was added.
    var score: Score {
        let total = Double(max(count, 1))
        return Score(
            count: count,
            error: 1 - correct / total,
            negativeLogLikelihood: -logLikelihood / total
        )
    }
}
