import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// The NLL on mixed test examples, against λ: how well a network interpolates at a boundary.
public struct InterpolationCurve: Sendable, Codable, Equatable {
    /// One point of the curve.
    public struct Point: Sendable, Codable, Equatable {
        /// The weight of the example itself.
        public let lambda: Double
        /// λ · CE(y_a) + (1 − λ) · CE(y_b), the mean over the examples, natural logarithm.
        public let negativeLogLikelihood: Double

        enum CodingKeys: String, CodingKey {
            case lambda
            case negativeLogLikelihood = "nll"
        }
    }

    /// Where the states are mixed.
    public let boundary: Int
    /// The points, in the order of the λ given.
    public let points: [Point]
}

extension Classifier {
    /// Mixes test batches at one boundary by fixed weights, and evaluates the rest of the network.
    ///
    /// Every batch is mixed with itself in a random order, which is the same for all weights.
    ///
    /// - Parameters:
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - dataset: the examples.
    ///   - lambdas: the weights, each in 0...1.
    ///   - seed: decides who is mixed with whom.
    ///   - batchSize: the number of examples that are mixed with one another.
    ///   - precision: the arithmetic that the model was made for.
    /// - Throws: `MixupError` for a boundary that the model does not have, and for a weight out of
    ///   range.
    public func interpolationCurve(
        at boundary: Int,
        on dataset: Dataset,
        lambdas: [Double] = (0...10).map { Double($0) / 10 },
        seed: UInt64 = 0,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> InterpolationCurve {
        if let wrong = lambdas.first(where: { !(0...1).contains($0) }) {
            throw MixupError("λ must be in 0 to 1, not \(wrong)")
        }
        let generator = try Generator(seed: seed)
        var sums = lambdas.map { _ in 0.0 }
        try withoutGradients {
            try dataset.forEachBatch(of: batchSize, dtype: precision.dtype) { rows, input, labels in
                let order = try generator.permutation(rows.count)
                let states = try withBFloat16Autocast(precision == .bfloat16) {
                    try hiddenStates(at: boundary, of: input)
                }
                for (index, lambda) in lambdas.enumerated() {
                    let draw = MixDraw(
                        layer: boundary,
                        lambdas: [lambda],
                        pairing: .permutation(order)
                    )
                    let logits = try withBFloat16Autocast(precision == .bfloat16) {
                        try self.logits(
                            from: draw.mixed(states),
                            at: boundary,
                            inputShape: dataset.shape
                        )
                    }.to(.float64)
                    let targets = try draw.mixed(
                        labels.oneHot(classCount: logits.shape.last ?? 0, dtype: .float64)
                    )
                    sums[index] -= try (targets * logits.logSoftmax()).sum().item()
                }
            }
        }
        return InterpolationCurve(
            boundary: boundary,
            points: zip(lambdas, sums).map { lambda, sum in
                InterpolationCurve.Point(
                    lambda: lambda,
                    negativeLogLikelihood: sum / Double(dataset.count)
                )
            }
        )
    }
}
