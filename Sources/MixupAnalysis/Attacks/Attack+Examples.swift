import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

extension Attack {
    /// Adversarial examples.
    ///
    /// The model is attacked as it is evaluated: batch normalisation by its running statistics, no
    /// dropout. Its parameters collect no gradients.
    ///
    /// - Parameters:
    ///   - input: the original examples [N, …], normalised.
    ///   - labels: their true classes (int64, [N]).
    ///   - model: what is attacked.
    ///   - normalization: of the data set, which says what a pixel's level is.
    ///   - firstIndex: the first example's index in its data set, for random starts.
    ///   - precision: the arithmetic that the model was made for.
    /// - Returns: examples of the same shape.
    /// - Throws: `MixupError` for settings that cannot be.
    public func examples(
        from input: Tensor,
        labels: Tensor,
        against model: any Classifier,
        normalization: Normalization = Normalization(),
        firstIndex: Int = 0,
        precision: Precision = .float32
    ) throws -> Tensor {
        try check()
        let scale = try PerturbationScale(
            units,
            normalization,
            inputShape: Array(input.shape.dropFirst()),
            dtype: input.dtype
        )
        let ball = try epsilon.map { try Interval(around: input, radius: scale.unit * $0) }
        func valid(_ example: Tensor) throws -> Tensor {
            let near = try ball?.projected(example) ?? example
            return try scale.range?.projected(near) ?? near
        }
        let step = try scale.unit * stepSize
        var current = input
        if let startSeed, let epsilon {
            let noise = try Self.uniform(like: input, seed: startSeed, firstIndex: firstIndex)
            current = try valid(input + noise * (scale.unit * epsilon))
        }
        return try model.withFrozenParameters {
            for _ in 0..<steps {
                let slope = try gradient(at: current, labels, of: model, precision)
                current = try valid(current + slope.sign() * step)
            }
            return current
        }
    }

    /// The gradient of the loss, summed over the batch, with respect to the input: the sum, and not
    /// the mean, since that of an example then depends on nothing but the example.
    private func gradient(
        at input: Tensor,
        _ labels: Tensor,
        of model: any Classifier,
        _ precision: Precision
    ) throws -> Tensor {
        let leaf = try input.detached().requiringGradient()
        let logits = try withBFloat16Autocast(precision == .bfloat16) {
            try model(leaf, ForwardPass())
        }.to(precision.dtype)
        let shape = try logits.shape
        let targets = try labels.oneHot(classCount: shape.last ?? 0, dtype: precision.dtype)
        try (loss(logits, targets) * Double(shape.first ?? 1)).backward()
        guard let gradient = try leaf.gradient else {
            throw MixupError("the model's logits do not depend on its input; it cannot be attacked")
        }
        return gradient
    }

    /// Numbers uniform in [−1, 1), each example's decided by the seed and its index alone.
    private static func uniform(like input: Tensor, seed: UInt64, firstIndex: Int) throws -> Tensor
    {
        let shape = try input.shape
        let seeds = SplitMix64(seed: seed)
        let count = shape.dropFirst().reduce(1, *)
        let numbers = (0..<(shape.first ?? 0)).flatMap { row in
            var random = seeds.branch(UInt64(truncatingIfNeeded: firstIndex &+ row))
            return (0..<count).map { _ in 2 * random.uniform() - 1 }
        }
        return try Tensor(numbers, shape: shape).to(input.dtype)
    }
}

extension Module {
    /// Runs `body` while no parameter takes part in gradients.
    func withFrozenParameters<Result>(_ body: () throws -> Result) throws -> Result {
        let learned = try parameters().filter { try $0.requiresGradient }
        defer { for parameter in learned { _ = try? parameter.requiringGradient() } }
        for parameter in learned { try parameter.requiringGradient(false) }
        return try body()
    }
}
