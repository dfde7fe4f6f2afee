import LibTorch

/// Independent sources of randomness, all derived from one seed.
///
/// Each kind of random decision has a stream of its own, so that turning one on or off (dropout,
/// augmentation, mixing) leaves the others' sequences as they are.
public final class RandomStreams {
    /// What is decided at random.
    public enum Stream: String, CaseIterable, Sendable {
        /// First weights.
        case initialization
        /// The order of the examples in an epoch.
        case shuffling
        /// The order of the second minibatches, where two separate ones are mixed.
        case partnerShuffling = "partner-shuffling"
        /// Crops, flips, and the like.
        case augmentation
        /// Whether a minibatch is mixed at all.
        case mixing
        /// Which of several methods is applied to a minibatch.
        case method
        /// The places of boxes and holes in images.
        case box
        /// The layer k at which a minibatch is mixed.
        case layer
        /// The mixing weight λ.
        case lambda
        /// Which example of the minibatch is mixed with which.
        case permutation
        /// The masks of dropout.
        case dropout
    }

    /// Streams that checkpoints of earlier versions lack, which drew nothing from them.
    private static let additions: Set<Stream> = [.mixing, .method, .box]

    private let seed: UInt64
    private let generators: [Stream: Generator]

    /// Creates all streams from one seed.
    public init(seed: UInt64) throws {
        var generators: [Stream: Generator] = [:]
        for stream in Stream.allCases {
            generators[stream] = try Generator(seed: Self.seed(of: stream, from: seed))
        }
        self.seed = seed
        self.generators = generators
    }

    /// Streams with the keys of others and generators of their own.
    init(_ others: RandomStreams, generators: [Stream: Generator]) {
        seed = others.seed
        self.generators = generators
    }

    /// The number that a stream starts from: the key of decisions that are computed, not drawn one
    /// after the other, and so have no state to save.
    public func key(of stream: Stream) -> UInt64 {
        Self.seed(of: stream, from: seed)
    }

    /// The generator of one stream.
    public subscript(stream: Stream) -> Generator {
        get throws {
            guard let generator = generators[stream] else {
                throw TorchError("there is no random stream '\(stream.rawValue)'")
            }
            return generator
        }
    }

    /// The states of streams, under "random." and the stream's name.
    public func state(
        _ streams: [Stream] = Stream.allCases
    ) throws -> [(name: String, tensor: Tensor)] {
        try streams.map { ("random." + $0.rawValue, try self[$0].state()) }
    }

    /// Goes back to states that ``state(_:)`` returned.
    ///
    /// A stream that did not exist yet when the states were saved goes back to its beginning.
    ///
    /// - Throws: `TorchError` if one is missing or is not a generator's state.
    public func restore(_ states: [String: Tensor]) throws {
        for stream in Stream.allCases {
            if let state = states["random." + stream.rawValue] {
                try self[stream].restore(state)
            } else if Self.additions.contains(stream) {
                let beginning = try Generator(seed: Self.seed(of: stream, from: seed))
                try self[stream].restore(beginning.state())
            } else {
                throw TorchError("the state of the random stream '\(stream.rawValue)' is missing")
            }
        }
    }

    /// A seed that differs in every bit, on average, from that of the other streams and of nearby
    /// seeds: the stream's name by FNV-1a, then the finalizer of SplitMix64.
    static func seed(of stream: Stream, from seed: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in stream.rawValue.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return mixed(seed ^ hash)
    }

    /// Numbers that differ in one bit become numbers that differ in every bit, on average.
    static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
