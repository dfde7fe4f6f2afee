import LibTorch

/// What the parts of one step's minibatch draw from, where it has several: one for each rank, or for each
/// of the minibatches whose gradients are added up.
///
/// All parts draw the same method, the same k and the same λ, or all none. The order of the rows, boxes
/// and dropout are each part's own: the first part's come from the streams themselves, those of the others
/// from the seed, the step and the part's number. So there is no more state to save, and it does not matter
/// which rank takes which part.
public struct PartStreams {
    private static let shared: [RandomStreams.Stream] = [.mixing, .method, .layer, .lambda]
    private static let own: [RandomStreams.Stream] = [.permutation, .box, .dropout]

    private let streams: RandomStreams
    private let step: Int
    private let before: [Tensor]

    /// Remembers where the streams stand; the first part then draws from them.
    ///
    /// - Parameters:
    ///   - streams: those of the training.
    ///   - step: the number of steps before this one.
    ///   - count: the number of parts.
    public init(_ streams: RandomStreams, step: Int, count: Int) throws {
        self.streams = streams
        self.step = step
        before = try count > 1 ? Self.shared.map { try streams[$0].state() } : []
    }

    /// The streams of one part, from 0.
    public subscript(part: Int) -> RandomStreams {
        get throws {
            guard part > 0 else { return streams }
            var generators: [RandomStreams.Stream: Generator] = [:]
            for (stream, state) in zip(Self.shared, before) {
                let generator = try Generator(seed: 0)
                try generator.restore(state)
                generators[stream] = generator
            }
            for stream in Self.own {
                let seed = RandomStreams.mixed(
                    RandomStreams.mixed(streams.key(of: stream) &+ UInt64(step)) &+ UInt64(part)
                )
                generators[stream] = try Generator(seed: seed)
            }
            return RandomStreams(streams, generators: generators)
        }
    }
}
