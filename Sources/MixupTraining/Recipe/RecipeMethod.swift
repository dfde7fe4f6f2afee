import ManifoldMixup

extension Recipe {
    /// Whether and where to mix.
    ///
    /// α and the eligible layers have defaults of their own for each method:
    ///
    /// | name | alpha | layers |
    /// | --- | --- | --- |
    /// | `none` | unused | `[]` |
    /// | `input-mixup` | 1 | `[0]`, and nothing else is allowed |
    /// | `manifold-mixup` | 2 | null: every boundary of the model |
    public struct Method: Codable, Equatable, Sendable {
        /// The methods.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// Ordinary training.
            case noMixup = "none"
            /// Mixing at the network's input only, S = {0} (Zhang et al. 2018).
            case inputMixup = "input-mixup"
            /// Mixing at a boundary drawn for every minibatch (Verma et al. 2019, section 2).
            case manifoldMixup = "manifold-mixup"
        }

        /// The method (default: `manifold-mixup`).
        public var name: Name
        /// The parameter of λ ~ Beta(α, α), above 0.
        ///
        /// The default depends on the method.
        public var alpha: Double
        /// The boundaries that may be drawn; 0 is the input; nil is all that the model has.
        public var layers: [Int]?
        /// How often each of `layers` is drawn, relative to the others; nil is equally often.
        public var layerWeights: [Double]?
        /// What one draw of λ covers (default: `batch`).
        public var lambda: Mixup.LambdaScope
        /// Whether λ becomes max(λ, 1 − λ) (default: false, as in the paper).
        public var fold: Bool
        /// Where the partners come from (default: `shuffled`).
        public var partner: Mixup.Partner

        /// The method with the given values, or its own defaults where they are nil.
        public init(
            name: Name = .manifoldMixup,
            alpha: Double? = nil,
            layers: [Int]? = nil,
            layerWeights: [Double]? = nil,
            lambda: Mixup.LambdaScope = .batch,
            fold: Bool = false,
            partner: Mixup.Partner = .shuffled
        ) {
            self.name = name
            self.alpha = alpha ?? (name == .manifoldMixup ? 2 : 1)
            self.layerWeights = layerWeights
            self.lambda = lambda
            self.fold = fold
            self.partner = partner
            switch name {
            case .noMixup: self.layers = layers ?? []
            case .inputMixup: self.layers = layers ?? [0]
            case .manifoldMixup: self.layers = layers
            }
        }

        enum CodingKeys: String, SectionKey {
            case name, alpha, layers
            case layerWeights = "layer-weights"
            case lambda, fold, partner
        }
    }
}

extension Recipe.Method: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        self.init(
            name: try reader.value(.name) ?? .manifoldMixup,
            alpha: try reader.value(.alpha),
            layers: try reader.values(.layers),
            layerWeights: try reader.values(.layerWeights),
            lambda: try reader.value(.lambda) ?? .batch,
            fold: try reader.value(.fold) ?? false,
            partner: try reader.value(.partner) ?? .shuffled
        )
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        if name == .noMixup { return [(.name, name), (.layers, layers)] }
        return [
            (.name, name),
            (.alpha, alpha),
            (.layers, layers),
            (.layerWeights, layerWeights),
            (.lambda, lambda),
            (.fold, fold),
            (.partner, partner),
        ]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(alpha.isFinite && alpha > 0, .alpha, found: alpha, allowed: "above 0")
        switch name {
        case .noMixup:
            let usual = Self(name: .noMixup)
            try rules.require(
                layers == [] || layers == [0],
                .layers,
                found: layers,
                allowed: "[]: method none mixes nowhere"
            )
            try rules.unused(.alpha, alpha, default: usual.alpha, by: name)
            try rules.unused(.lambda, lambda, default: usual.lambda, by: name)
            try rules.unused(.fold, fold, default: usual.fold, by: name)
            try rules.unused(.partner, partner, default: usual.partner, by: name)
            try rules.unused(.layerWeights, layerWeights, default: nil, by: name)
        case .inputMixup:
            try rules.require(
                layers == [0],
                .layers,
                found: layers,
                allowed: "[0]: input-mixup mixes at the input; other layers need manifold-mixup"
            )
            try rules.unused(.layerWeights, layerWeights, default: nil, by: name)
        case .manifoldMixup:
            try checkEligibleLayers(rules)
        }
    }

    private func checkEligibleLayers(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        if let layers {
            try rules.require(
                !layers.isEmpty && layers.allSatisfy { $0 >= 0 }
                    && Set(layers).count == layers.count,
                .layers,
                found: layers,
                allowed: "different whole numbers from 0, at least one, or null for every boundary"
            )
        }
        guard let layerWeights else { return }
        try rules.require(
            layers?.count == layerWeights.count,
            .layerWeights,
            found: layerWeights,
            allowed: layers.map { "one weight for each of the \($0.count) layers, or null" }
                ?? "null, unless method.layers says which layers the weights are for"
        )
        try rules.require(
            layerWeights.allSatisfy { $0 >= 0 && $0.isFinite }
                && (Double.leastNormalMagnitude..<Double.infinity).contains(
                    layerWeights.reduce(0, +)
                ),
            .layerWeights,
            found: layerWeights,
            allowed: "weights of 0 or more with a sum above 0"
        )
    }
}
