internal import CTrainKernels

/// The weights of a convolution, or of a layer of units, and what is computed with them.
final class FusedFilter {
    let weight: FusedParameter
    let bias: FusedParameter?
    let inputs: Int
    let outputs: Int
    let kernelSize: Int
    let stride: Int

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

    /// The same weights as a filter of 1 × 1 on patches.
    func onPatches() -> FusedFilter {
        FusedFilter(
            weight: weight,
            bias: bias,
            inputs: inputs * kernelSize * kernelSize,
            outputs: outputs,
            kernelSize: 1,
            stride: stride
        )
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
            is_winograd: false,
            own_weights: nil
        )
    }

    /// Whether it is a layer of units between states in blocks.
    private func isOfUnits(_ planes: ctk_planes) -> Bool {
        // At stride 2, one pixel comes from four.
        planes.is_blocked && kernelSize == 1 && stride == 1 && planes.height * planes.width == 1
    }

    /// Computes the output's values; those of `added`, which may be the output, are added.
    ///
    /// - Parameter isComplete: whether nothing will be added to them later.
    func forward(
        _ input: FusedState,
        adding added: FusedState? = nil,
        to output: FusedState,
        isComplete: Bool = true,
        _ pass: FusedPass
    ) throws {
        try output.prepareMoments(isTraining: pass.isTraining)
        if let tile = winogradTile(on: input.values) {
            return try convolve(tile, input.values, adding: added, to: output, pass)
        }
        var (filter, source) = try operands(input.values, forInputGradient: false, pass)
        let team = pass.team.pointer
        try (added?.values).withPointer { sum in
            if isComplete, !pass.isTraining,
                try convolveAndNormalize(filter, source, adding: sum, to: output, pass)
            {
                return
            }
            ctk_convolve(team, &filter, bias?.values, &source, sum, &output.values)
        }
    }

    /// Computes the output's values from what a normalisation makes of its input in training; that is
    /// not kept.
    func forward(
        through normalization: FusedNormalization,
        adding added: FusedState?,
        to output: FusedState,
        _ pass: FusedPass
    ) throws {
        try output.prepareMoments(isTraining: true)
        var filter = try arrangedBlocks(for: output.values, forInputGradient: false, pass)
        let (team, rows) = (pass.team.pointer, pass.scratch.positions)
        try (added?.values).withPointer { sum in
            try normalization.takeStatistics(pass) { normalized in
                try rows.reserve(
                    Int(ctk_kept_rows_size(team, &filter, normalized.pointee.input))
                )
                ctk_normalize_and_convolve(
                    team,
                    normalized,
                    &filter,
                    bias?.values,
                    sum,
                    &output.values,
                    rows.elements
                )
            }
        }
    }

    /// Computes the output's values, and at once those of the normalisation behind it.
    ///
    /// - Returns: whether there is one that can be computed like this; otherwise nothing was done.
    private func convolveAndNormalize(
        _ filter: ctk_filter,
        _ source: ctk_planes,
        adding added: UnsafePointer<ctk_planes>?,
        to output: FusedState,
        _ pass: FusedPass
    ) throws -> Bool {
        guard let normalization = output.normalization else { return false }
        // A copy: what is called takes the output itself too.
        var (filter, source, values) = (filter, source, output.values)
        return try normalization.makeOutput { normalization, activation, normalized in
            withUnsafePointer(to: &values) { values in
                ctk_convolve_and_normalize(
                    pass.team.pointer,
                    &filter,
                    bias?.values,
                    &source,
                    added,
                    output.isOnlyNormalized ? nil : values,
                    normalization,
                    activation,
                    normalized
                )
            }
        }
    }

    /// Computes the gradient of the input, or adds it to what is there.
    ///
    /// - Parameter normalization: what has made the input, if the gradient is complete with this; the
    ///   sums that its own gradients need may then be made on the way.
    func inputGradient(
        _ output: FusedState,
        to input: FusedState,
        accumulates: Bool = false,
        for normalization: FusedNormalization? = nil,
        _ pass: FusedPass
    ) throws {
        if let tile = winogradTile(on: output.gradient) {
            return try inputGradient(tile, output, to: input, accumulates: accumulates, pass)
        }
        var (filter, source) = try operands(output.gradient, forInputGradient: true, pass)
        func compute(_ sums: UnsafePointer<ctk_slope_sums>?) {
            ctk_convolution_input_gradient(
                pass.team.pointer,
                &filter,
                &source,
                &input.gradient,
                accumulates,
                sums
            )
        }
        guard let normalization else { return compute(nil) }
        try normalization.withSlopeSums(compute)
    }

    /// The weights and the planes that they are applied to, as the product takes them.
    private func operands(
        _ planes: ctk_planes,
        forInputGradient: Bool,
        _ pass: FusedPass
    ) throws -> (ctk_filter, ctk_planes) {
        if planes.is_blocked {
            return (
                try arrangedBlocks(for: planes, forInputGradient: forInputGradient, pass), planes
            )
        }
        // A layer of units has only one tap, and its weights lie well as they are, but for columns of
        // rows that push each other out of a cache.
        let readsColumns = forInputGradient && inputs % 512 == 0
        guard kernelSize > 1 || readsColumns else { return (filter, planes) }
        let arranged = try pass.scratch.arranged(
            filter,
            outputs: outputs,
            inputs: inputs,
            forInputGradient: forInputGradient,
            pass.team
        )
        return (arranged, planes)
    }

    /// Whether a convolution of blocks, its input or output like this, is computed by Winograd's
    /// filtering.
    func isWinograd(on planes: ctk_planes, _ team: KernelTeam) -> Bool {
        var (filter, planes) = (filter, planes)
        return ctk_is_winograd(team.pointer, &filter, Int64(outputs), Int64(inputs), &planes)
    }

    /// The weights as products of blocks take them.
    private func arrangedBlocks(
        for planes: ctk_planes,
        forInputGradient: Bool,
        _ pass: FusedPass
    ) throws -> ctk_filter {
        var arranged = filter
        // Forward, a thread needs no weights but those of its own outputs, each once. Backward it would
        // fetch what other threads have changed.
        if !forInputGradient, pass.fixedWeights == nil, isOfUnits(planes) {
            try pass.scratch.weights.reserve(
                Int(ctk_own_weights_size(pass.team.pointer, Int64(inputs)))
            )
            arranged.own_weights = pass.scratch.weights.elements
            return arranged
        }
        arranged.is_winograd = isWinograd(on: planes, pass.team)
        let (outputs, inputs) = (Int64(outputs), Int64(inputs))
        let size = ctk_block_weights_size(&arranged, outputs, inputs)
        let memory = try pass.fixedWeights?.memory(for: self) ?? pass.scratch.weights
        // What is there already is for outputs, as evaluations want it.
        if pass.fixedWeights == nil || memory.count < size {
            try memory.reserve(Int(size))
            ctk_arrange_block_weights(
                pass.team.pointer,
                &arranged,
                outputs,
                inputs,
                forInputGradient,
                memory.elements
            )
        }
        arranged.weights = UnsafePointer(memory.elements)
        return arranged
    }

    /// Computes the gradients of weight and bias.
    ///
    /// - Parameters:
    ///   - input: what the filter was applied to.
    ///   - output: a state with the gradient of the result.
    ///   - transposes: whether the input is still to be transposed; not if the last call of this
    ///     kind had the same.
    ///   - keepsTransposed: whether the next call of this kind has the same input.
    ///   - mayDescend: whether nothing needs the weights in this pass any more.
    func parameterGradients(
        _ input: FusedState,
        _ output: FusedState,
        transposes: Bool = true,
        keepsTransposed: Bool = false,
        mayDescend: Bool = false,
        _ pass: FusedPass
    ) throws {
        var filter = filter
        let team = pass.team.pointer
        let scratch = pass.scratch
        var (source, slopes) = (input.values, output.gradient)
        filter.is_winograd = isWinograd(on: source, pass.team)
        let makesRows =
            input.recomputed != nil
            && (filter.is_winograd
                || transposes && !keepsTransposed
                    && ctk_keeps_gradient_rows(&filter, &source, &slopes))
        if transposes, !makesRows, !filter.is_winograd {
            try scratch.positions.reserve(Int(ctk_positions_size(&source)))
            if let normalization = input.recomputed {
                try normalization.withNormalized {
                    ctk_transpose_normalized(team, $0, &source, scratch.positions.elements)
                }
            } else {
                ctk_transpose_planes(team, &source, scratch.positions.elements)
            }
        }
        // Of blocks, the product sums up on the way.
        let isBlocked = source.is_blocked
        if let bias, !isBlocked {
            ctk_channel_sums(team, &output.gradient, bias.gradient.elements)
        }
        if let tile = winogradTile(on: source) {
            return try weightGradient(tile, source, slopes, pass)
        }
        let biasGradient = isBlocked ? bias?.gradient.elements : nil
        if mayDescend, isOfUnits(source), let update = try weight.updateAtOnce(pass) {
            try scratch.sums.reserve(
                Int(ctk_units_descent_scratch(team, &filter, &source, &slopes))
            )
            return withUnsafePointer(to: update) {
                ctk_units_descent(
                    team,
                    &filter,
                    &source,
                    scratch.positions.elements,
                    &slopes,
                    scratch.sums.elements,
                    $0,
                    biasGradient
                )
            }
        }
        try scratch.sums.reserve(
            Int(ctk_weight_gradient_scratch(team, &filter, &source, &slopes))
        )
        if makesRows, let normalization = input.recomputed {
            return try normalization.withNormalized {
                ctk_normalized_weight_gradient(
                    team,
                    &filter,
                    $0,
                    &source,
                    &slopes,
                    scratch.sums.elements,
                    weight.gradient.elements,
                    biasGradient
                )
            }
        }
        ctk_convolution_weight_gradient(
            team,
            &filter,
            &source,
            scratch.positions.elements,
            &slopes,
            scratch.sums.elements,
            weight.gradient.elements,
            biasGradient
        )
    }
}
