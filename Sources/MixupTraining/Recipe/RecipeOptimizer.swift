extension Recipe {
    /// How the weights follow the gradient.
    ///
    /// The learning rate and the weight decay have defaults of their own for each optimizer:
    ///
    /// | name | learning-rate | weight-decay | also has |
    /// | --- | --- | --- | --- |
    /// | `sgd` | 0.1 | 1e-4 | `momentum`, `nesterov` |
    /// | `adam` | 1e-3 | 0 | `beta1`, `beta2`, `epsilon` |
    /// | `adamw` | 1e-3 | 1e-2 | `beta1`, `beta2`, `epsilon` |
    public struct Optimizer: Codable, Equatable, Sendable {
        /// The optimizers.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// Stochastic gradient descent with momentum.
            case sgd
            /// Adam; weight decay is part of the gradient.
            case adam
            /// Adam with weight decay apart from the gradient.
            case adamw
        }

        /// The optimizer (default: `sgd`).
        public var name: Name
        /// The learning rate that the schedule starts from, 0 or more.
        public var learningRate: Double
        /// The weight decay, 0 or more; it applies to every parameter.
        public var weightDecay: Double
        /// The momentum of `sgd`, 0 to below 1 (default: 0.9).
        public var momentum: Double
        /// Whether `sgd` looks ahead (Nesterov) (default: true where there is momentum).
        public var nesterov: Bool
        /// The decay of Adam's mean of gradients, 0 to below 1 (default: 0.9).
        public var beta1: Double
        /// The decay of Adam's mean of squared gradients, 0 to below 1 (default: 0.999).
        public var beta2: Double
        /// What Adam adds to the root of that mean, above 0 (default: 1e-8).
        public var epsilon: Double
        /// The largest norm of the whole gradient, above 0; a longer one is shortened to it. Nil
        /// leaves it as it is (default: null).
        public var clipNorm: Double?

        /// The optimizer with the given values, or its own defaults where they are nil.
        public init(
            name: Name = .sgd,
            learningRate: Double? = nil,
            weightDecay: Double? = nil,
            momentum: Double = 0.9,
            nesterov: Bool? = nil,
            beta1: Double = 0.9,
            beta2: Double = 0.999,
            epsilon: Double = 1e-8,
            clipNorm: Double? = nil
        ) {
            self.name = name
            self.learningRate = learningRate ?? (name == .sgd ? 0.1 : 1e-3)
            self.momentum = momentum
            self.nesterov = nesterov ?? (momentum != 0)
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.clipNorm = clipNorm
            switch name {
            case .sgd: self.weightDecay = weightDecay ?? 1e-4
            case .adam: self.weightDecay = weightDecay ?? 0
            case .adamw: self.weightDecay = weightDecay ?? 1e-2
            }
        }

        enum CodingKeys: String, SectionKey {
            case name
            case learningRate = "learning-rate"
            case weightDecay = "weight-decay"
            case momentum, nesterov, beta1, beta2, epsilon
            case clipNorm = "clip-norm"
        }
    }
}

extension Recipe.Optimizer: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        self.init(
            name: try reader.value(.name) ?? usual.name,
            learningRate: try reader.value(.learningRate),
            weightDecay: try reader.value(.weightDecay),
            momentum: try reader.value(.momentum) ?? usual.momentum,
            nesterov: try reader.value(.nesterov),
            beta1: try reader.value(.beta1) ?? usual.beta1,
            beta2: try reader.value(.beta2) ?? usual.beta2,
            epsilon: try reader.value(.epsilon) ?? usual.epsilon,
            clipNorm: try reader.value(.clipNorm)
        )
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        let common: [(CodingKeys, any RecipeValue)] = [
            (.name, name),
            (.learningRate, learningRate),
            (.weightDecay, weightDecay),
        ]
        let own: [(CodingKeys, any RecipeValue)] =
            name == .sgd
            ? [(.momentum, momentum), (.nesterov, nesterov)]
            : [(.beta1, beta1), (.beta2, beta2), (.epsilon, epsilon)]
        return common + own + [(.clipNorm, clipNorm)]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(learningRate, in: 0..., .learningRate, allowed: "a number from 0")
        try rules.require(weightDecay, in: 0..., .weightDecay, allowed: "a number from 0")
        try rules.require(
            clipNorm.map { $0.isFinite && $0 > 0 } ?? true,
            .clipNorm,
            found: clipNorm,
            allowed: "a number above 0, or null"
        )
        let usual = Self()
        if name == .sgd {
            try rules.require(momentum, in: 0..<1, .momentum, allowed: "a number from 0 to below 1")
            try rules.require(
                !nesterov || momentum > 0,
                .nesterov,
                found: nesterov,
                allowed: "false where optimizer.momentum is 0"
            )
            try rules.unused(.beta1, beta1, default: usual.beta1, by: name)
            try rules.unused(.beta2, beta2, default: usual.beta2, by: name)
            try rules.unused(.epsilon, epsilon, default: usual.epsilon, by: name)
        } else {
            try rules.require(beta1, in: 0..<1, .beta1, allowed: "a number from 0 to below 1")
            try rules.require(beta2, in: 0..<1, .beta2, allowed: "a number from 0 to below 1")
            try rules.require(
                epsilon.isFinite && epsilon > 0,
                .epsilon,
                found: epsilon,
                allowed: "a number above 0"
            )
            try rules.unused(.momentum, momentum, default: usual.momentum, by: name)
            try rules.unused(.nesterov, nesterov, default: usual.nesterov, by: name)
        }
    }
}
