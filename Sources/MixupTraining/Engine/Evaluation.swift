import LibTorch
import ManifoldMixup
import MixupData

/// How well a model does on examples that are not mixed.
public struct Evaluation: Sendable, Equatable, Codable {
    /// The number of examples.
    public let count: Int
    /// The share of examples whose most probable class is wrong, in 0...1.
    public let error: Double
    /// The mean negative log likelihood of the true class, natural logarithm.
    public let negativeLogLikelihood: Double
    /// The share of examples whose class is not among the five most probable; `nil` for data of
    /// five classes or fewer.
    public let topFiveError: Double?

    enum CodingKeys: String, CodingKey {
        case count, error
        case negativeLogLikelihood = "nll"
        case topFiveError = "top5_error"
    }
}

extension Classifier {
    /// Evaluates the model on a whole data set, in order and without mixing.
    ///
    /// - Parameters:
    ///   - dataset: the examples.
    ///   - batchSize: the number of examples at once; it changes the memory and, beyond rounding,
    ///     not the result. More than a hundred images at once make a network slower rather than
    ///     faster, since the hidden states leave the processor's caches.
    ///   - precision: the arithmetic that the model was made for.
    ///   - engine: which code computes.
    ///   - ranks: those that share the work, each with the same model; all get the whole result.
    /// - Throws: `TorchError` if the examples do not fit the model, `TrainingError` if the fused
    ///   engine is asked for and does not cover it.
    public func evaluate(
        on dataset: Dataset,
        batchSize: Int = 100,
        precision: Precision = .float32,
        engine: TrainingEngine = .auto,
        ranks: Ranks = Ranks()
    ) throws -> Evaluation {
        let evaluator = try EngineChoice.evaluator(of: self, precision: precision, engine: engine)
        return try Evaluation(
            on: dataset,
            batchSize: batchSize,
            dtype: precision.dtype,
            ranks: ranks,
            evaluator: evaluator
        )
    }
}

extension Evaluation {
    /// Evaluates a model whose weights do not change meanwhile; the ranks share the examples.
    init(
        on dataset: Dataset,
        batchSize: Int,
        dtype: DType,
        ranks: Ranks,
        evaluator: any Evaluator
    ) throws {
        self = try evaluator.withFixedWeights {
            try Evaluation(
                on: dataset,
                batchSize: batchSize,
                dtype: dtype,
                ranks: ranks,
                logits: evaluator.logits(of:)
            )
        }
    }

    /// Evaluates whatever computes logits [N, C] of examples [N, …].
    private init(
        on dataset: Dataset,
        batchSize: Int,
        dtype: DType,
        ranks: Ranks,
        logits: (Tensor) throws -> Tensor
    ) throws {
        self = try withoutGradients {
            var correct = 0.0
            var amongFive = 0.0
            var logLikelihood = 0.0
            let plan = try MinibatchPlan(
                dataset,
                examples: Array(ranks.share(of: dataset.count)),
                batchSize: max(batchSize, 1)
            )
            // The next minibatch is normalised while the network computes.
            let loader = MinibatchLoader(plan, ahead: 2)
            while let minibatch = try loader.next() {
                let batch = TensorBatch(
                    minibatch,
                    classCount: dataset.classCount,
                    dtype: dtype
                )
                let logits = try logits(batch.input()).to(.float64)
                let labels = try batch.labels()
                let column = try labels.reshaped([-1, 1])
                func hits(_ count: Int) throws -> Double {
                    try logits.indicesOfLargest(count).equalElements(column).sum().item()
                }
                correct += try hits(1)
                if dataset.classCount > 5 { amongFive += try hits(5) }
                let targets = try labels.oneHot(classCount: dataset.classCount, dtype: .float64)
                logLikelihood += try (targets * logits.logSoftmax()).sum().item()
            }
            let count = Double(dataset.count)
            let sums = try ranks.sums([correct, amongFive, logLikelihood])
            return Evaluation(
                count: dataset.count,
                error: 1 - sums[0] / count,
                negativeLogLikelihood: -sums[2] / count,
                topFiveError: dataset.classCount > 5 ? 1 - sums[1] / count : nil
            )
        }
    }
}
