internal import CTrainKernels

/// Convolutions with fewer products, where that is faster.
extension FusedFilter {
    /// The height and width of the tiles for planes of this size, input or output: 2 or 4; `nil` where
    /// the plain sum is the better way, or the only one.
    func winogradTile(on planes: ctk_planes) -> Int64? {
        // A register holds examples of one tile, and the transformations must not outweigh the
        // products.
        guard kernelSize == 3, stride == 1, planes.batch >= 16, min(inputs, outputs) >= 8,
            planes.height % 2 == 0, planes.width % 2 == 0, !planes.is_blocked
        else { return nil }
        return planes.height % 4 == 0 && planes.width % 4 == 0 ? 4 : 2
    }

    func convolve(
        _ tile: Int64,
        _ input: ctk_planes,
        adding added: FusedState?,
        to output: FusedState,
        _ pass: FusedPass
    ) throws {
        let weights = try arranged(tile, forInputGradient: false, pass)
        try convolve(tile, weights, bias, input, added?.values, &output.values, pass)
    }

    func inputGradient(
        _ tile: Int64,
        _ output: FusedState,
        to input: FusedState,
        accumulates: Bool,
        _ pass: FusedPass
    ) throws {
        let weights = try arranged(tile, forInputGradient: true, pass)
        let added = accumulates ? input.gradient : nil
        try convolve(tile, weights, nil, output.gradient, added, &input.gradient, pass)
    }

    /// Computes the gradient of the weights; the scratch holds the input's positions.
    func weightGradient(
        _ tile: Int64,
        _ input: ctk_planes,
        _ outputGradient: ctk_planes,
        _ pass: FusedPass
    ) throws {
        var (input, outputGradient) = (input, outputGradient)
        let scratch = pass.scratch
        try scratch.sums.reserve(
            Int(ctk_winograd_gradient_scratch(tile, &input, Int64(outputs)))
        )
        ctk_winograd_weight_gradient(
            pass.team.pointer,
            tile,
            &input,
            scratch.positions.elements,
            &outputGradient,
            scratch.sums.elements,
            weight.gradient.elements
        )
    }

    private func convolve(
        _ tile: Int64,
        _ weights: UnsafePointer<Float>,
        _ bias: FusedParameter?,
        _ input: ctk_planes,
        _ added: ctk_planes?,
        _ output: inout ctk_planes,
        _ pass: FusedPass
    ) throws {
        var input = input
        let (team, scratch) = (pass.team.pointer, pass.scratch.sums)
        try scratch.reserve(Int(ctk_winograd_scratch(team, tile, &input, output.channels)))
        added.withPointer { sum in
            ctk_winograd_convolve(
                team,
                tile,
                weights,
                bias?.values,
                &input,
                sum,
                &output,
                scratch.elements
            )
        }
    }

    private func arranged(
        _ tile: Int64,
        forInputGradient: Bool,
        _ pass: FusedPass
    ) throws -> UnsafePointer<Float> {
        let (rows, depth) = forInputGradient ? (inputs, outputs) : (outputs, inputs)
        let memory = pass.scratch.weights
        try memory.reserve(
            Int(ctk_winograd_weights_size(tile, Int64(rows), Int64(depth)))
        )
        ctk_winograd_weights(
            pass.team.pointer,
            tile,
            weight.values,
            Int64(outputs),
            Int64(inputs),
            forInputGradient,
            memory.elements
        )
        return UnsafePointer(memory.elements)
    }
}
