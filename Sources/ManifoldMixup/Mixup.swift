import LibTorch

/// How minibatches are mixed: the settings of Manifold Mixup and of Input Mixup.
///
/// For every minibatch one boundary k of the eligible set S and one λ ~ Beta(α, α) are drawn. The hidden
/// states at k of the minibatch and of its partner are interpolated, and so are the targets, with the
/// same λ (paper, section 2). Input Mixup (Zhang et al., 2018) is the case S = {0}.
public struct Mixup: Sendable, Equatable {
    /// How many λ there are.
    public enum LambdaScope: String, Sendable, Codable, CaseIterable {
        /// One for the whole minibatch, as in the paper.
        case batch
        /// One for each example.
        case sample
    }

    /// What a minibatch is mixed with.
    public enum Partner: String, Sendable, Codable, CaseIterable {
        /// The same minibatch in a random order, as in the paper's implementation.
        case shuffled
        /// A second minibatch, drawn independently, as the paper states the method. Both run through
        /// the layers before k together.
        case separate
    }

    /// The name of Manifold Mixup.
    public static let manifoldName = "manifold-mixup"
    /// The name of Input Mixup.
    public static let inputName = "input-mixup"

    /// The distribution of λ over the epochs.
    public let alpha: AlphaSchedule
    /// The set S; `nil` for all boundaries of the model.
    public private(set) var eligibleLayers: EligibleLayers?
    /// One λ for the batch, or one for each example.
    public let lambdaScope: LambdaScope
    /// Whether λ is replaced by max(λ, 1 − λ), so that an example outweighs its partner. The paper does
    /// not.
    public let isFolded: Bool
    /// What a minibatch is mixed with.
    public let partner: Partner
    /// Whether gradients end right before the mix, the paper's ablation. The paper's method lets them
    /// through.
    ///
    /// In a step that mixes at k, the layers before k then have no gradient, and an optimizer leaves
    /// them as they are: no weight decay, and no momentum of earlier steps. Only their running
    /// statistics (batch normalisation) go on. At k = 0 nothing changes.
    public let blocksGradients: Bool

    /// Creates the settings.
    ///
    /// - Throws: `MixupError` unless `alpha` and `finalAlpha` are finite and positive.
    public init(
        alpha: Double,
        finalAlpha: Double? = nil,
        eligibleLayers: EligibleLayers?,
        lambdaScope: LambdaScope = .batch,
        isFolded: Bool = false,
        partner: Partner = .shuffled,
        blocksGradients: Bool = false
    ) throws {
        self.alpha = try AlphaSchedule(alpha: alpha, finalAlpha: finalAlpha)
        self.eligibleLayers = eligibleLayers
        self.lambdaScope = lambdaScope
        self.isFolded = isFolded
        self.partner = partner
        self.blocksGradients = blocksGradients
    }

    /// The settings with the set S that they mean for one model.
    ///
    /// - Throws: `MixupError` if S names a boundary that the model does not have.
    public func resolved(for model: any Classifier) throws -> Mixup {
        let layers = try eligibleLayers ?? .all(of: model)
        try layers.validate(for: model)
        var resolved = self
        resolved.eligibleLayers = layers
        return resolved
    }

    /// Draws k, λ and the partners of one minibatch.
    ///
    /// - Parameters:
    ///   - batchSize: the number of examples, any from 1.
    ///   - progress: how far the training is, which matters only if α changes.
    ///   - streams: everything random.
    /// - Throws: `MixupError` if S is not known yet; see ``resolved(for:)``.
    public func draw(
        batchSize: Int,
        progress: MixingProgress = MixingProgress(),
        streams: RandomStreams
    ) throws -> MixDraw {
        guard let eligibleLayers else {
            throw MixupError("the eligible layers are not set; call resolved(for:) with the model")
        }
        var lambdas = try alpha.distribution(at: progress).draw(
            lambdaScope == .batch ? 1 : batchSize,
            from: streams[.lambda]
        )
        if isFolded {
            lambdas = lambdas.map { max($0, 1 - $0) }
        }
        return MixDraw(
            layer: try eligibleLayers.draw(from: streams[.layer]),
            lambdas: lambdas,
            pairing: partner == .shuffled
                ? .permutation(try streams[.permutation].permutation(batchSize)) : .halves,
            method: name,
            blocksGradients: blocksGradients
        )
    }
}

extension MixingMethod where Self == Mixup {
    /// Manifold Mixup with the paper's α = 2, at some boundaries or at all of them.
    public static func manifoldMixup(alpha: Double = 2, layers: [Int]? = nil) throws -> Mixup {
        try Mixup(alpha: alpha, eligibleLayers: layers.map { try EligibleLayers($0) })
    }

    /// Input Mixup with the paper's α = 1.
    public static func inputMixup(alpha: Double = 1) throws -> Mixup {
        try Mixup(alpha: alpha, eligibleLayers: EligibleLayers([0]))
    }
}

extension Mixup: MixingMethod {
    /// The distribution of λ in the first epoch, and in all others unless α changes.
    public var distribution: SymmetricBeta { alpha.initial }

    /// "input-mixup" where S = {0}, otherwise "manifold-mixup".
    public var name: String {
        eligibleLayers?.layers == [0] ? Self.inputName : Self.manifoldName
    }

    /// The method's name and the set S.
    public var summary: String {
        guard let layers = eligibleLayers?.layers else { return name }
        return "\(name) at boundaries {\(layers.map(String.init).joined(separator: ", "))}"
    }

    /// Whether partners are separate.
    public var usesSecondMinibatch: Bool { partner == .separate }

    /// The settings with the set S that they mean for one model, whatever its examples are.
    ///
    /// - Throws: `MixupError` if S names a boundary that the model does not have.
    public func resolved(for model: any Classifier, inputShape: [Int]) throws -> Mixup {
        try resolved(for: model)
    }

    /// Draws k, λ and the partners of one minibatch, whatever its examples are.
    ///
    /// - Throws: `MixupError` if S is not known yet; see ``resolved(for:)``.
    public func draw(
        batchSize: Int,
        inputShape: [Int],
        progress: MixingProgress,
        streams: RandomStreams
    ) throws -> (any MinibatchDraw)? {
        try draw(batchSize: batchSize, progress: progress, streams: streams)
    }
}
