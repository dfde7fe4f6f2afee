extension Recipe {
    /// How the learning rate changes over the epochs.
    ///
    /// `multi-step` has `milestones` and `factor`; `cosine` and `linear` have
    /// `final-learning-rate`; every schedule has `warmup-epochs`.
    public struct Schedule: Codable, Equatable, Sendable {
        /// The schedules.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// The same learning rate throughout.
            case constant
            /// The learning rate times `factor` at each of `milestones`, as in the paper.
            case multiStep = "multi-step"
            /// Half a cosine wave from the learning rate to the final one.
            case cosine
            /// A straight line from the learning rate to the final one.
            case linear
        }

        /// The schedule (default: `cosine`).
        public var name: Name
        /// The epochs after which `multi-step` lowers the rate, rising, from 1 (default: none).
        public var milestones: [Int]
        /// What `multi-step` multiplies the rate by, above 0 (default: 0.1).
        public var factor: Double
        /// Epochs at the start in which the rate rises from 0, below the run's (default: 0).
        public var warmupEpochs: Int
        /// The rate at the end of `cosine` and `linear`, 0 or more (default: 0).
        public var finalLearningRate: Double

        /// The section with the given values, or the defaults.
        public init(
            name: Name = .cosine,
            milestones: [Int] = [],
            factor: Double = 0.1,
            warmupEpochs: Int = 0,
            finalLearningRate: Double = 0
        ) {
            self.name = name
            self.milestones = milestones
            self.factor = factor
            self.warmupEpochs = warmupEpochs
            self.finalLearningRate = finalLearningRate
        }

        enum CodingKeys: String, SectionKey {
            case name, milestones, factor
            case warmupEpochs = "warmup-epochs"
            case finalLearningRate = "final-learning-rate"
        }
    }
}

extension Recipe.Schedule: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        name = try reader.value(.name) ?? usual.name
        milestones = try reader.values(.milestones) ?? usual.milestones
        factor = try reader.value(.factor) ?? usual.factor
        warmupEpochs = try reader.value(.warmupEpochs) ?? usual.warmupEpochs
        finalLearningRate = try reader.value(.finalLearningRate) ?? usual.finalLearningRate
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        let own: [(CodingKeys, any RecipeValue)] =
            switch name {
            case .constant: []
            case .multiStep: [(.milestones, milestones), (.factor, factor)]
            case .cosine, .linear: [(.finalLearningRate, finalLearningRate)]
            }
        return [(.name, name)] + own + [(.warmupEpochs, warmupEpochs)]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        try rules.require(warmupEpochs, in: 0...Recipe.largestCount, .warmupEpochs)
        if name == .multiStep {
            try rules.require(
                !milestones.isEmpty && milestones.allSatisfy { $0 > 0 }
                    && zip(milestones, milestones.dropFirst()).allSatisfy { $0 < $1 },
                .milestones,
                found: milestones,
                allowed: "epochs from 1 in rising order, such as [400, 800]"
            )
            try rules.require(
                factor.isFinite && factor > 0,
                .factor,
                found: factor,
                allowed: "a number above 0"
            )
        } else {
            try rules.unused(.milestones, milestones, default: usual.milestones, by: name)
            try rules.unused(.factor, factor, default: usual.factor, by: name)
        }
        if name == .cosine || name == .linear {
            try rules.require(
                finalLearningRate,
                in: 0...,
                .finalLearningRate,
                allowed: "a number from 0"
            )
        } else {
            let usual = usual.finalLearningRate
            try rules.unused(.finalLearningRate, finalLearningRate, default: usual, by: name)
        }
    }
}
