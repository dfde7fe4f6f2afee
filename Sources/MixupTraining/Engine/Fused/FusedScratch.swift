internal import CTrainKernels

/// Memory that any layer may use within a call, and operands of products that are made in it.
final class FusedScratch {
    /// A state with its channels innermost.
    let positions: KernelMemory
    /// What a kernel keeps while it computes.
    let sums: KernelMemory
    /// Weights in the order in which a product takes them.
    let weights: KernelMemory

    init() throws {
        positions = try KernelMemory(0)
        sums = try KernelMemory(0)
        weights = try KernelMemory(0)
    }

    /// The weights of a filter in the order in which a product takes them.
    func arranged(
        _ filter: ctk_filter,
        outputs: Int,
        inputs: Int,
        forInputGradient: Bool,
        _ team: KernelTeam
    ) throws -> ctk_filter {
        let taps = filter.kernel_size * filter.kernel_size
        let (rows, depth) =
            forInputGradient ? (Int64(inputs), Int64(outputs)) : (Int64(outputs), Int64(inputs))
        try weights.reserve(Int(rows * taps * depth))
        ctk_arrange_weights(
            team.pointer,
            filter.weights,
            Int64(outputs),
            Int64(inputs),
            taps,
            forInputGradient,
            weights.elements
        )
        var arranged = filter
        arranged.weights = UnsafePointer(weights.elements)
        arranged.output = forInputGradient ? 1 : taps * depth
        arranged.input = forInputGradient ? taps * depth : 1
        arranged.tap = depth
        return arranged
    }
}
