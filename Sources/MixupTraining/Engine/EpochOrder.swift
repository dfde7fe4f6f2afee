import LibTorch
import ManifoldMixup

/// In which order an epoch takes the examples.
struct EpochOrder {
    /// The examples, each once.
    let examples: [Int]
    /// The examples of the second minibatches, each once; `nil` where there are none.
    let partners: [Int]?
    /// The states of the streams used, from before the order was drawn.
    let statesBefore: [(name: String, tensor: Tensor)]

    init(count: Int, separate: Bool, streams: RandomStreams) throws {
        statesBefore = try streams.state([.shuffling, .partnerShuffling])
        examples = try Self.permutation(count, from: streams[.shuffling])
        partners = separate ? try Self.permutation(count, from: streams[.partnerShuffling]) : nil
    }

    private static func permutation(_ count: Int, from generator: Generator) throws -> [Int] {
        try generator.permutation(count).scalars(as: Int64.self).map(Int.init)
    }
}
