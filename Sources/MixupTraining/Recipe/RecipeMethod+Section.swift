import ManifoldMixup

extension Recipe.Method: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        self.init(
            name: try reader.value(.name) ?? .manifoldMixup,
            alpha: try reader.value(.alpha),
            finalAlpha: try reader.value(.finalAlpha),
            layers: try reader.values(.layers),
            layerWeights: try reader.values(.layerWeights),
            lambda: try reader.value(.lambda) ?? .batch,
            fold: try reader.value(.fold) ?? false,
            partner: try reader.value(.partner) ?? .shuffled,
            blockGradients: try reader.value(.blockGradients) ?? false,
            hole: try reader.value(.hole),
            among: try reader.values(.among),
            weights: try reader.values(.weights),
            alphas: try reader.values(.alphas),
            probability: try reader.value(.probability) ?? 1,
            stopEpoch: try reader.value(.stopEpoch)
        )
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        let used = keysInUse
        return settings.filter { used.contains($0.0) }
    }

    /// All settings, used or not, in the order in which they are written.
    private var settings: [(CodingKeys, any RecipeValue)] {
        [
            (.name, name),
            (.among, among),
            (.weights, weights),
            (.alphas, alphas),
            (.alpha, alpha),
            (.finalAlpha, finalAlpha),
            (.layers, layers),
            (.layerWeights, layerWeights),
            (.lambda, lambda),
            (.fold, fold),
            (.partner, partner),
            (.blockGradients, blockGradients),
            (.hole, hole),
            (.probability, probability),
            (.stopEpoch, stopEpoch),
        ]
    }

    /// The settings that the method, or one of those it chooses from, has a use for.
    private var keysInUse: Set<CodingKeys> {
        switch name {
        case .noMixup: return [.name, .layers]
        case .choice:
            let keys = among.reduce(into: Set<CodingKeys>()) { $0.formUnion($1.keys) }
            return keys.subtracting([.alpha, .finalAlpha]).union([
                .name, .among, .weights, .alphas, .probability, .stopEpoch,
            ])
        case .inputMixup: return name.keys.union([.name, .layers, .probability, .stopEpoch])
        case .manifoldMixup, .cutMix, .cutout:
            return name.keys.union([.name, .probability, .stopEpoch])
        }
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try checkUnused(rules)
        try rules.require(alpha.isFinite && alpha > 0, .alpha, found: alpha, allowed: "above 0")
        try rules.require(
            finalAlpha.map { $0.isFinite && $0 > 0 } ?? true,
            .finalAlpha,
            found: finalAlpha,
            allowed: "above 0, or null for the same alpha throughout"
        )
        switch name {
        case .noMixup:
            try rules.require(
                layers == [] || layers == [0],
                .layers,
                found: layers,
                allowed: "[]: method none mixes nowhere"
            )
        case .inputMixup:
            try rules.require(
                layers == [0],
                .layers,
                found: layers,
                allowed: "[0]: input-mixup mixes at the input; other layers need manifold-mixup"
            )
        case .choice: try checkChoice(rules)
        case .manifoldMixup, .cutMix, .cutout: break
        }
        if name == .manifoldMixup || name == .choice { try checkEligibleLayers(rules) }
        try rules.require(
            hole.map { (1...Recipe.largestCount).contains($0) } ?? true,
            .hole,
            found: hole,
            allowed: "a number of pixels from 1, or null for half of the image's shorter side"
        )
        try rules.require(
            probability > 0 && probability <= 1,
            .probability,
            found: probability,
            allowed: "above 0, up to 1; method none never mixes"
        )
        try rules.require(
            stopEpoch.map { (1...Recipe.largestCount).contains($0) } ?? true,
            .stopEpoch,
            found: stopEpoch,
            allowed: "a number of epochs from 1, or null for all"
        )
    }

    /// Refuses settings that the method has no use for and that are not at their defaults.
    private func checkUnused(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        let used = keysInUse
        let usual = Self(name: name).settings
        for ((key, value), (_, usual)) in zip(settings, usual) where !used.contains(key) {
            let allowed =
                key == .alpha && name == .choice
                ? "nothing here: choice takes method.alphas, one for each method"
                : "nothing here: \(name.yaml) has no use for it, leave it out"
            try rules.require(value.yaml == usual.yaml, key, found: value, allowed: allowed)
        }
    }

    private func checkChoice(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(
            among.count > 1 && Set(among).count == among.count && !among.contains(.choice),
            .among,
            found: among,
            allowed:
                "two or more different ones of none, input-mixup, manifold-mixup, cutmix, cutout"
        )
        try rules.require(
            weights.count == among.count && Self.areWeights(weights),
            .weights,
            found: weights,
            allowed: "a weight of 0 or more for each of the \(among.count) methods, one above 0"
        )
        let fits = zip(among, alphas).allSatisfy { name, alpha in
            name.drawsLambda ? alpha.isFinite && alpha > 0 : alpha == 0
        }
        try rules.require(
            alphas.count == among.count && fits,
            .alphas,
            found: alphas,
            allowed:
                "one for each of the \(among.count) methods, above 0, and 0 for none and cutout"
        )
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
            Self.areWeights(layerWeights),
            .layerWeights,
            found: layerWeights,
            allowed: "weights of 0 or more with a sum above 0"
        )
    }

    /// Whether one can choose by these numbers.
    private static func areWeights(_ weights: [Double]) -> Bool {
        let sums = Double.leastNormalMagnitude..<Double.infinity
        return weights.allSatisfy { $0 >= 0 && $0.isFinite } && sums.contains(weights.reduce(0, +))
    }
}

extension Recipe.Method.Name {
    /// The settings that the method has a use for wherever it is applied.
    fileprivate var keys: Set<Recipe.Method.CodingKeys> {
        switch self {
        case .noMixup, .choice: []
        case .inputMixup: [.alpha, .finalAlpha, .lambda, .fold, .partner]
        case .manifoldMixup:
            [
                .alpha, .finalAlpha, .layers, .layerWeights, .lambda, .fold, .partner,
                .blockGradients,
            ]
        case .cutMix: [.alpha, .finalAlpha]
        case .cutout: [.hole]
        }
    }
}
