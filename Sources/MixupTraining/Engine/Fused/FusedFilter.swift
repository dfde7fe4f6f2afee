internal import CTrainKernels

/// The weights of a convolution, or of a layer of units, and what is computed with them.
final class FusedFilter {
    private let weight: FusedParameter
    private let bias: FusedParameter?
    private let inputs: Int
    private let outputs: Int
    private let kernelSize: Int
    private let stride: Int

    /// - Parameters:
    ///   - weight: [outputs, inputs, kernel size, kernel size], or [outputs, inputs].
    ///   - kernelSize: 1, or 3 with a padding of 1.
    ///   - stride: 1, or 2 for states that are split.
    init(
        weight: FusedParameter,
        bias: FusedParameter?,
        inputs: Int,
        outputs: Int,
        kernelSize: Int,
        stride: Int
    ) {
        self.weight = weight
        self.bias = bias
        self.inputs = inputs
        self.outputs = outputs
        self.kernelSize = kernelSize
        self.stride = stride
    }

    private var filter: ctk_filter {
        let taps = Int64(kernelSize * kernelSize)
        return ctk_filter(
            weights: weight.values,
            output: Int64(inputs) * taps,
            input: taps,
            tap: 1,
            kernel_size: Int64(kernelSize),
            stride: Int64(stride),
            is_paired: false
        )
    }

    /// Computes the output's values; those of `added`, which may be the output, are added.
    func forward(
        _ input: FusedState,
        adding added: FusedState? = nil,
        to output: FusedState,
        _ pass: FusedPass
    ) {
        var filter = filter
        let team = pass.team.pointer
        if let added {
            ctk_convolve(
                team,
                &filter,
                bias?.values,
                &input.values,
                &added.values,
                &output.values
            )
        } else {
            ctk_convolve(team, &filter, bias?.values, &input.values, nil, &output.values)
        }
    }

    /// Computes the gradients of weight and bias.
    ///
    /// - Parameters:
    ///   - input: what the filter was applied to.
    ///   - output: a state with the gradient of the result.
    ///   - transposes: whether the input is still to be transposed; not if the last call had the
    ///     same.
    func parameterGradients(
        _ input: FusedState,
        _ output: FusedState,
        transposes: Bool = true,
        _ pass: FusedPass
    ) throws {
        var filter = filter
        let team = pass.team.pointer
        let (positions, sums) = (pass.scratch.positions, pass.scratch.sums)
        if transposes {
            try positions.reserve(Int(ctk_positions_size(&input.values)))
            ctk_transpose_planes(team, &input.values, positions.elements)
        }
        let scratch = ctk_weight_gradient_scratch(&filter, Int64(outputs), Int64(inputs))
        try sums.reserve(Int(scratch))
        ctk_convolution_weight_gradient(
            team,
            &filter,
            &input.values,
            positions.elements,
            &output.gradient,
            sums.elements,
            weight.gradient.elements
        )
        if let bias {
            ctk_channel_sums(team, &output.gradient, bias.gradient.elements)
        }
    }

    /// Computes the gradient of the input, or adds it to what is there.
    func inputGradient(
        _ output: FusedState,
        to input: FusedState,
        accumulates: Bool = false,
        _ pass: FusedPass
    ) {
        var filter = filter
        ctk_convolution_input_gradient(
            pass.team.pointer,
            &filter,
            &output.gradient,
            &input.gradient,
            accumulates
        )
    }
}
