internal import CTrainKernels

/// How a convolution is computed by Winograd's minimal filtering.
struct WinogradForm {
    /// The height and width of the tiles, 2 or 4.
    let tile: Int64
    /// Whether what is multiplied is rounded to bfloat16, in pairs.
    let isPaired: Bool
}

/// Convolutions with fewer products, where that is faster.
extension FusedFilter {
    /// The form for planes of this size, input or output; `nil` where the plain sum is the better
    /// way, or the only one.
    ///
    /// Tiles of 4 × 4 need the fewest products, and floats: rounded to bfloat16, their sums would be
    /// four times as far off as those of the plain convolution. With many channels, pairs in tiles of
    /// 2 × 2 are as fast or faster (`bench step`). By AMX, all pairs are faster as they are.
    func winograd(on planes: ctk_planes, _ team: KernelTeam) -> WinogradForm? {
        // A register holds examples of one tile, and the transformations must not outweigh the
        // products.
        guard kernelSize == 3, stride == 1, planes.batch >= 16, min(inputs, outputs) >= 8,
            planes.height % 2 == 0, planes.width % 2 == 0, !(isPaired && team.hasTiles)
        else { return nil }
        let takesFour = planes.height % 4 == 0 && planes.width % 4 == 0
        if isPaired, min(inputs, outputs) >= 64 || !takesFour {
            return WinogradForm(tile: 2, isPaired: true)
        }
        return WinogradForm(tile: takesFour ? 4 : 2, isPaired: false)
    }

    func convolve(
        _ form: WinogradForm,
        _ input: ctk_planes,
        adding added: FusedState?,
        to output: FusedState,
        _ pass: FusedPass
    ) throws {
        let weights = try arranged(form, forInputGradient: false, pass)
        try convolve(form, weights, bias, input, added?.values, &output.values, pass)
    }

    func inputGradient(
        _ form: WinogradForm,
        _ output: FusedState,
        to input: FusedState,
        accumulates: Bool,
        _ pass: FusedPass
    ) throws {
        let weights = try arranged(form, forInputGradient: true, pass)
        let added = accumulates ? input.gradient : nil
        try convolve(form, weights, nil, output.gradient, added, &input.gradient, pass)
    }

    /// Computes the gradient of the weights; the scratch holds the input's positions.
    func weightGradient(
        _ form: WinogradForm,
        _ input: ctk_planes,
        _ outputGradient: ctk_planes,
        _ pass: FusedPass
    ) throws {
        var (input, outputGradient) = (input, outputGradient)
        let scratch = pass.scratch
        try scratch.sums.reserve(
            Int(ctk_winograd_gradient_scratch(form.tile, &input, Int64(outputs), form.isPaired))
        )
        ctk_winograd_weight_gradient(
            pass.team.pointer,
            form.tile,
            form.isPaired,
            &input,
            scratch.positions.elements,
            &outputGradient,
            scratch.sums.elements,
            weight.gradient.elements
        )
    }

    private func convolve(
        _ form: WinogradForm,
        _ weights: UnsafePointer<Float>,
        _ bias: FusedParameter?,
        _ input: ctk_planes,
        _ added: ctk_planes?,
        _ output: inout ctk_planes,
        _ pass: FusedPass
    ) throws {
        var input = input
        let (team, scratch) = (pass.team.pointer, pass.scratch.sums)
        try scratch.reserve(Int(ctk_winograd_scratch(team, form.tile, &input, output.channels)))
        added.withPointer { sum in
            ctk_winograd_convolve(
                team,
                form.tile,
                weights,
                form.isPaired,
                bias?.values,
                &input,
                sum,
                &output,
                scratch.elements
            )
        }
    }

    private func arranged(
        _ form: WinogradForm,
        forInputGradient: Bool,
        _ pass: FusedPass
    ) throws -> UnsafePointer<Float> {
        let (rows, depth) = forInputGradient ? (inputs, outputs) : (outputs, inputs)
        let memory = pass.scratch.weights
        try memory.reserve(
            Int(ctk_winograd_weights_size(form.tile, Int64(rows), Int64(depth), form.isPaired))
        )
        ctk_winograd_weights(
            pass.team.pointer,
            form.tile,
            weight.values,
            Int64(outputs),
            Int64(inputs),
            forInputGradient,
            form.isPaired,
            memory.elements
        )
        return UnsafePointer(memory.elements)
    }
}
