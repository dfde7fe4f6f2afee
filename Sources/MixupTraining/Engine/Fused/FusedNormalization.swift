internal import CTrainKernels
import LibTorch

/// Batch normalisation, and the activation behind it.
final class FusedNormalization: FusedLayer {
    private let block: BatchNorm
    private let weight: FusedParameter
    private let bias: FusedParameter
    private let activation: ctk_activation
    private let input: FusedState
    private let output: FusedState
    private let mean: KernelMemory
    private let inverseDeviation: KernelMemory
    private let slopeSums: KernelMemory
    /// Whether a convolution has left the sums of the slopes, for the next backward pass.
    private var hasSlopeSums = false
    /// Whether a convolution has left the output of the present evaluation.
    private var isDone = false

    /// - Parameter activation: what follows the normalisation, if something does; not tanh.
    init(
        _ block: BatchNorm,
        weight: FusedParameter,
        bias: FusedParameter,
        activation: Activation.Function?,
        input: FusedState,
        output: FusedState
    ) throws {
        self.block = block
        self.weight = weight
        self.bias = bias
        self.activation = activation?.kernel ?? CTK_IDENTITY
        self.input = input
        self.output = output
        mean = try KernelMemory(block.channels)
        inverseDeviation = try KernelMemory(block.channels)
        slopeSums = try KernelMemory(0)
        input.keepsMoments = true
        input.normalization = self
    }

    var states: [FusedState] { [output] }

    func shareGradients(_ memory: GradientMemory) throws {
        // The gradient is computed in place where both lie alike.
        if input.form == output.form {
            input.gradientMemory = output.gradientMemory
        } else {
            try memory.take(for: input)
            memory.release(output)
        }
    }

    func forward(_ pass: FusedPass) throws {
        defer { isDone = false }
        guard !isDone || pass.isTraining else { return }
        let team = pass.team.pointer
        guard pass.isTraining else {
            var normalization = try normalization()
            ctk_normalize_as_trained(
                team,
                &normalization,
                activation,
                &input.values,
                &output.values
            )
            return
        }
        try takeStatistics(pass) {
            ctk_normalize(
                team,
                $0.pointee.normalization,
                activation,
                &input.values,
                &output.values
            )
        }
    }

    /// Whether it pays that a convolution normalises what it reads, in training.
    func leavesRows(to filter: FusedFilter, _ team: KernelTeam) -> Bool {
        output.recomputed === self && input.form == output.form
            && (ctk_keeps_rows(&input.values) || filter.isWinograd(on: input.values, team))
    }

    /// Lends what a kernel needs to normalise with the statistics of a minibatch, and to take them into
    /// the running ones.
    func takeStatistics(
        _ pass: FusedPass,
        _ body: (UnsafePointer<ctk_normalized>) throws -> Void
    ) throws {
        guard pass.batch * input.form.height * input.form.width > 1 else {
            throw TorchError(
                "batch normalisation in training needs more than one value per channel, but the "
                    + "minibatch has one example; use a larger batch"
            )
        }
        try withNormalized(body)
        try block.batchCount.unsafeMutableElements(as: Int64.self)[0] += 1
    }

    func backward(_ pass: FusedPass) throws {
        try backward(adding: nil, pass)
    }

    /// Computes the gradients; that of `added`, which lies as the input does, is added to the input's.
    func backward(adding added: FusedState?, _ pass: FusedPass) throws {
        var normalization = try normalization()
        let team = pass.team.pointer
        var (gradient, inputGradient) = (output.gradient, output.gradient)
        if input.needsGradient { inputGradient = input.gradient }
        let keptSums = hasSlopeSums
        hasSlopeSums = false
        try (added?.gradient).withPointer { sum in
            try withSlopeSums(if: keptSums) { sums in
                ctk_normalization_gradient(
                    team,
                    &normalization,
                    activation,
                    &input.values,
                    &output.values,
                    &gradient,
                    sum,
                    sums,
                    weight.gradient.elements,
                    bias.gradient.elements,
                    &inputGradient
                )
            }
        }
    }

    /// Lends what a convolution needs to leave the output of an evaluation here, where its own output
    /// lies alike in blocks. Of odd batches, it would leave numbers between the pixels, where gradients
    /// must have zeros.
    ///
    /// - Returns: whether the output was made.
    func makeOutput(
        _ body: (
            UnsafePointer<ctk_normalization>, ctk_activation, UnsafePointer<ctk_planes>
        ) -> Void
    ) throws -> Bool {
        guard input.form == output.form, input.form.isBlocked,
            output.values.pitch == output.values.batch
        else { return false }
        var normalization = try normalization()
        body(&normalization, activation, &output.values)
        isDone = true
        return true
    }

    /// Lends what a kernel needs to make the output of a training again.
    func withNormalized(_ body: (UnsafePointer<ctk_normalized>) throws -> Void) throws {
        var normalization = try normalization()
        // A copy: what is called takes the input itself too.
        var values = input.values
        try withUnsafePointer(to: &normalization) { normalization in
            try withUnsafePointer(to: &values) { values in
                var normalized = ctk_normalized(
                    normalization: normalization,
                    activation: activation,
                    input: values
                )
                try body(&normalized)
            }
        }
    }

    /// Lends what a convolution needs to leave sums of its slopes here; `nil` if it cannot.
    func withSlopeSums(_ body: (UnsafePointer<ctk_slope_sums>?) -> Void) throws {
        var values = input.values
        hasSlopeSums =
            values.is_blocked && values.pitch == values.batch && input.form == output.form
        if hasSlopeSums { try slopeSums.reserve(Int(ctk_slope_sums_size(&values))) }
        try withSlopeSums(if: hasSlopeSums, body)
    }

    private func withSlopeSums(
        if isWanted: Bool,
        _ body: (UnsafePointer<ctk_slope_sums>?) -> Void
    ) throws {
        guard isWanted else { return body(nil) }
        try withNormalized { normalized in
            var sums = ctk_slope_sums(
                normalization: normalized.pointee.normalization,
                activation: activation,
                input: normalized.pointee.input,
                sums: slopeSums.elements
            )
            body(&sums)
        }
    }

    private func normalization() throws -> ctk_normalization {
        ctk_normalization(
            weight: weight.values,
            bias: bias.values,
            running_mean: try FusedParameter.elements(of: block.runningMean).pointer,
            running_variance: try FusedParameter.elements(of: block.runningVariance).pointer,
            mean: mean.elements,
            inverse_deviation: inverseDeviation.elements,
            momentum: block.momentum,
            epsilon: block.epsilon
        )
    }
}

extension BatchNorm: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let shape = try outputShape(for: network.shape)
        let input = try network.state()
        let output = try FusedState(input.form, needsGradient: true)
        let activation = network.takeActivation()
        output.isActivated = activation != nil
        let layer = try fused(
            in: network,
            activation: activation,
            input: input,
            output: output
        )
        network.append(layer, output: output, shape: shape)
    }

    /// The layer between two given states.
    func fused(
        in network: FusedNetworkBuilder,
        activation: Activation.Function?,
        input: FusedState,
        output: FusedState
    ) throws -> FusedNormalization {
        try FusedNormalization(
            self,
            weight: network.parameter(weight),
            bias: network.parameter(bias),
            activation: activation,
            input: input,
            output: output
        )
    }
}
