import LibTorch

/// When which method is applied: a weighted choice for every minibatch, a probability, an end.
///
/// ```swift
/// let policy = try MixingPolicy(
///     [
///         .init(Mixup.manifoldMixup(), weight: 2),
///         .init(CutMix()),
///         .init(nil),
///     ],
///     probability: 0.8,
///     stopEpoch: 180
/// )
/// ```
public struct MixingPolicy: MixingMethod {
    /// One of the methods that a policy chooses from.
    public struct Choice: Sendable {
        /// The method; `nil` leaves minibatches as they are.
        public let method: (any MixingMethod)?
        /// How often it is chosen, relative to the others.
        public let weight: Double

        /// Creates a choice.
        public init(_ method: (any MixingMethod)?, weight: Double = 1) {
            self.method = method
            self.weight = weight
        }
    }

    /// The methods.
    public private(set) var choices: [Choice]
    /// The share of minibatches to which the chosen method is applied.
    public let probability: Double
    /// The number of epochs after which all minibatches stay as they are; `nil` for none.
    ///
    /// A course of α ends there too.
    public let stopEpoch: Int?

    /// Creates a policy.
    ///
    /// - Throws: `MixupError` if there is nothing to choose, the weights have no positive and finite
    ///   sum, the probability is not in 0...1, or the last epoch is not 1 or more.
    public init(_ choices: [Choice], probability: Double = 1, stopEpoch: Int? = nil) throws {
        guard !choices.isEmpty else {
            throw MixupError("there is no method to choose from; name at least one")
        }
        try WeightedChoice.validate(choices.map(\.weight), of: "method")
        guard (0...1).contains(probability) else {
            throw MixupError("the probability of mixing must be in 0...1, not \(probability)")
        }
        guard stopEpoch ?? 1 >= 1 else {
            throw MixupError(
                "mixing must stop after 1 epoch or more, not \(stopEpoch ?? 0); to train without, "
                    + "choose the method 'none'"
            )
        }
        self.choices = choices
        self.probability = probability
        self.stopEpoch = stopEpoch
    }

    /// Creates a policy of one method.
    ///
    /// - Throws: `MixupError` if the probability is not in 0...1, or the last epoch is not 1 or more.
    public init(
        _ method: any MixingMethod,
        probability: Double = 1,
        stopEpoch: Int? = nil
    ) throws {
        try self.init([Choice(method)], probability: probability, stopEpoch: stopEpoch)
    }

    /// The methods with their shares, the probability and the end.
    public var summary: String {
        var parts = [choices[0].method?.summary ?? "none"]
        if choices.count > 1 {
            let sum = choices.reduce(0) { $0 + $1.weight }
            parts = choices.map {
                "\(percent($0.weight / sum)) \($0.method?.summary ?? "none")"
            }
        }
        if probability < 1 { parts.append("with probability \(probability)") }
        if let stopEpoch { parts.append("until epoch \(stopEpoch)") }
        return parts.joined(separator: ", ")
    }

    private func percent(_ share: Double) -> String {
        let tenths = (share * 1000).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
    }

    /// Whether one of the methods does.
    public var usesSecondMinibatch: Bool {
        choices.contains { $0.method?.usesSecondMinibatch == true }
    }

    /// The policy with all of its methods as they are meant for one model and its examples.
    ///
    /// - Throws: `MixupError` if one of them does not fit.
    public func resolved(for model: any Classifier, inputShape: [Int]) throws -> MixingPolicy {
        var resolved = self
        resolved.choices = try choices.map {
            Choice(
                try $0.method?.resolved(for: model, inputShape: inputShape),
                weight: $0.weight
            )
        }
        return resolved
    }

    /// Draws whether a minibatch is changed and by which method, and lets that method draw.
    ///
    /// The method draws for minibatches that stay as they are, too, so that another probability, or
    /// another end, leaves the draws of the others as they were.
    public func draw(
        batchSize: Int,
        inputShape: [Int],
        progress: MixingProgress,
        streams: RandomStreams
    ) throws -> (any MinibatchDraw)? {
        if let stopEpoch, progress.epoch >= stopEpoch { return nil }
        let isMixed = try streams[.mixing].uniform() < probability
        let index = WeightedChoice.index(
            at: try streams[.method].uniform(),
            weights: choices.map(\.weight)
        )
        let draw = try choices[index].method?.draw(
            batchSize: batchSize,
            inputShape: inputShape,
            progress: MixingProgress(
                epoch: progress.epoch,
                of: min(progress.epochs, stopEpoch ?? progress.epochs)
            ),
            streams: streams
        )
        return isMixed ? draw : nil
    }
}
