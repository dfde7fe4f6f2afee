import ManifoldMixup

extension Recipe {
    /// Whether, where and when to mix.
    ///
    /// Some settings have defaults of their own for each method:
    ///
    /// | name | alpha | layers |
    /// | --- | --- | --- |
    /// | `none` | unused | `[]` |
    /// | `input-mixup` | 1 | `[0]`, and nothing else is allowed |
    /// | `manifold-mixup` | 2 | null: every boundary of the model |
    /// | `cutmix` | 1 | unused: it cuts the input |
    /// | `cutout` | unused | unused: it cuts the input |
    /// | `choice` | `alphas`, one for each of `among` | those of `manifold-mixup` |
    public struct Method: Codable, Equatable, Sendable {
        /// The methods.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// Ordinary training.
            case noMixup = "none"
            /// Mixing at the network's input only, S = {0} (Zhang et al. 2018).
            case inputMixup = "input-mixup"
            /// Mixing at a boundary drawn for every minibatch (Verma et al. 2019, section 2).
            case manifoldMixup = "manifold-mixup"
            /// A box of every image comes from another one (Yun et al. 2019).
            case cutMix = "cutmix"
            /// A square of every image is set to 0 (DeVries and Taylor 2017).
            case cutout
            /// One of `among` for every minibatch, drawn by `weights`.
            case choice

            /// The methods that the paper compares.
            public static let paper: [Name] = [.noMixup, .inputMixup, .manifoldMixup]
        }

        /// The method (default: `manifold-mixup`).
        public var name: Name
        /// The parameter of λ ~ Beta(α, α), above 0.
        ///
        /// The default depends on the method.
        public var alpha: Double
        /// The α of the last epoch that is mixed, to which a straight line leads; nil is `alpha`.
        public var finalAlpha: Double?
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
        /// Whether gradients end right before the mix, so that a step that mixes at k does not train
        /// the layers before k (default: false).
        public var blockGradients: Bool
        /// The side of the hole of `cutout` in pixels; nil is half of the image's shorter side.
        public var hole: Int?
        /// The methods that `choice` chooses from (default: `manifold-mixup` and `cutmix`).
        public var among: [Name]
        /// How often each of `among` is chosen, relative to the others (default: equally often).
        public var weights: [Double]
        /// The α of each of `among`, and 0 for those that draw no λ (default: as without a choice).
        public var alphas: [Double]
        /// The share of minibatches that are mixed at all, above 0 (default: 1).
        public var probability: Double
        /// The number of epochs after which nothing is mixed any more; nil is never.
        public var stopEpoch: Int?

        /// The method with the given values, or its own defaults where they are nil.
        public init(
            name: Name = .manifoldMixup,
            alpha: Double? = nil,
            finalAlpha: Double? = nil,
            layers: [Int]? = nil,
            layerWeights: [Double]? = nil,
            lambda: Mixup.LambdaScope = .batch,
            fold: Bool = false,
            partner: Mixup.Partner = .shuffled,
            blockGradients: Bool = false,
            hole: Int? = nil,
            among: [Name]? = nil,
            weights: [Double]? = nil,
            alphas: [Double]? = nil,
            probability: Double = 1,
            stopEpoch: Int? = nil
        ) {
            self.name = name
            self.alpha = alpha ?? (name == .manifoldMixup ? 2 : 1)
            self.finalAlpha = finalAlpha
            switch name {
            case .noMixup: self.layers = layers ?? []
            case .inputMixup: self.layers = layers ?? [0]
            case .manifoldMixup, .cutMix, .cutout, .choice: self.layers = layers
            }
            self.layerWeights = layerWeights
            self.lambda = lambda
            self.fold = fold
            self.partner = partner
            self.blockGradients = blockGradients
            self.hole = hole
            let among = among ?? (name == .choice ? [.manifoldMixup, .cutMix] : [])
            self.among = among
            self.weights = weights ?? among.map { _ in 1 }
            self.alphas = alphas ?? among.map { $0.drawsLambda ? Self(name: $0).alpha : 0 }
            self.probability = probability
            self.stopEpoch = stopEpoch
        }

        enum CodingKeys: String, SectionKey {
            case name, alpha
            case finalAlpha = "final-alpha"
            case layers
            case layerWeights = "layer-weights"
            case lambda, fold, partner
            case blockGradients = "block-gradients"
            case hole, among, weights, alphas, probability
            case stopEpoch = "stop-epoch"
        }
    }
}

extension Recipe.Method.Name {
    /// Whether the method has an α.
    var drawsLambda: Bool {
        switch self {
        case .inputMixup, .manifoldMixup, .cutMix: true
        case .noMixup, .cutout, .choice: false
        }
    }
}

extension Recipe.Method {
    /// What the section means; nil for training without mixing.
    func makeMixing() throws -> (any MixingMethod)? {
        if name == .choice {
            return try MixingPolicy(
                zip(among, zip(weights, alphas)).map {
                    .init(try makeMethod($0, alpha: $1.1), weight: $1.0)
                },
                probability: probability,
                stopEpoch: stopEpoch
            )
        }
        let method = try makeMethod(name, alpha: alpha)
        // A method that is always applied needs no policy around it.
        guard let method, probability != 1 || stopEpoch != nil else { return method }
        return try MixingPolicy(method, probability: probability, stopEpoch: stopEpoch)
    }

    private func makeMethod(_ name: Name, alpha: Double) throws -> (any MixingMethod)? {
        switch name {
        case .noMixup, .choice: nil
        case .cutMix: try CutMix(alpha: alpha, finalAlpha: finalAlpha)
        case .cutout: try Cutout(hole: hole)
        case .inputMixup, .manifoldMixup:
            try Mixup(
                alpha: alpha,
                finalAlpha: finalAlpha,
                eligibleLayers: name == .inputMixup
                    ? EligibleLayers([0])
                    : layers.map { try EligibleLayers($0, weights: layerWeights) },
                lambdaScope: lambda,
                isFolded: fold,
                partner: partner,
                blocksGradients: blockGradients && name == .manifoldMixup
            )
        }
    }
}
