internal import CTrainKernels

/// Memory that any layer may use within a call, and operands of products that are made in it.
final class FusedScratch {
    /// A state with its channels innermost.
    let positions: KernelMemory
    /// What a kernel keeps while it computes.
    let sums: KernelMemory
    /// Weights in the order in which a product takes them.
    let weights: KernelMemory
    private let pairs: KernelMemory
    private let otherPairs: KernelMemory

    init() throws {
        positions = try KernelMemory(0)
        sums = try KernelMemory(0)
        weights = try KernelMemory(0)
        pairs = try KernelMemory(0)
        otherPairs = try KernelMemory(0)
    }

    /// Planes whose channels are put together in pairs of bfloat16.
    func pairedChannels(of planes: ctk_planes, _ team: KernelTeam) throws -> ctk_planes {
        var planes = planes
        var paired = try lay(
            channels: (planes.channels + 1) / 2,
            batch: planes.batch,
            like: planes,
            in: pairs
        )
        ctk_pair_channels(team.pointer, &planes, &paired)
        return paired
    }

    /// Planes whose examples are put together in pairs of bfloat16.
    ///
    /// - Parameter isSecond: whether the planes that the last call made are still needed.
    func pairedExamples(
        of planes: ctk_planes,
        isSecond: Bool = false,
        _ team: KernelTeam
    ) throws -> ctk_planes {
        var planes = planes
        var paired = try lay(
            channels: planes.channels,
            batch: (planes.batch + 1) / 2,
            like: planes,
            in: isSecond ? otherPairs : pairs
        )
        ctk_pair_examples(team.pointer, &planes, &paired)
        return paired
    }

    /// How ``pairedExamples(of:isSecond:_:)`` lays planes out, without making them.
    func pairedExamplesForm(of planes: ctk_planes) throws -> ctk_planes {
        try lay(
            channels: planes.channels,
            batch: (planes.batch + 1) / 2,
            like: planes,
            in: otherPairs
        )
    }

    /// The weights of a filter in the order in which a product takes them, in pairs of bfloat16 if
    /// that is how they are multiplied.
    func arranged(
        _ filter: ctk_filter,
        outputs: Int,
        inputs: Int,
        forInputGradient: Bool,
        isPaired: Bool,
        _ team: KernelTeam
    ) throws -> ctk_filter {
        let taps = filter.kernel_size * filter.kernel_size
        let (rows, depth) =
            forInputGradient ? (Int64(inputs), Int64(outputs)) : (Int64(outputs), Int64(inputs))
        let count = isPaired ? (depth + 1) / 2 : depth
        try weights.reserve(Int(rows * taps * count))
        ctk_arrange_weights(
            team.pointer,
            filter.weights,
            Int64(outputs),
            Int64(inputs),
            taps,
            forInputGradient,
            isPaired,
            weights.elements
        )
        var arranged = filter
        arranged.weights = UnsafePointer(weights.elements)
        arranged.output = forInputGradient ? 1 : taps * count
        arranged.input = forInputGradient ? taps * count : 1
        arranged.tap = count
        arranged.is_paired = isPaired
        return arranged
    }

    private func lay(
        channels: Int64,
        batch: Int64,
        like planes: ctk_planes,
        in memory: KernelMemory
    ) throws -> ctk_planes {
        var paired = ctk_planes_of(
            channels,
            planes.height,
            planes.width,
            planes.border,
            batch,
            planes.is_split,
            false
        )
        try memory.reserve(Int(ctk_planes_size(&paired)))
        paired.elements = memory.elements
        return paired
    }
}
