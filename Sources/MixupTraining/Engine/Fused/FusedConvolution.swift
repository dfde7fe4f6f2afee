internal import CTrainKernels
import LibTorch

/// A convolution, or a layer of units.
final class FusedConvolution: FusedLayer {
    private let filter: FusedFilter
    private let input: FusedState
    private let output: FusedState

    init(_ filter: FusedFilter, input: FusedState, output: FusedState) {
        self.filter = filter
        self.input = input
        self.output = output
    }

    var states: [FusedState] { [output] }

    func shareGradients(_ memory: GradientMemory) throws {
        if input.needsGradient { try memory.take(for: input) }
        memory.release(output)
    }

    func forward(_ pass: FusedPass) throws {
        try filter.forward(input, to: output, pass)
    }

    func backward(_ pass: FusedPass) throws {
        // The weights may take their step with their gradient.
        if input.needsGradient { try filter.inputGradient(output, to: input, pass) }
        try filter.parameterGradients(input, output, mayDescend: true, pass)
    }
}

/// Puts even and odd columns apart, for a convolution of stride 2.
final class FusedColumnSplit: FusedLayer {
    private let input: FusedState
    private let output: FusedState

    init(input: FusedState, output: FusedState) {
        self.input = input
        self.output = output
    }

    var states: [FusedState] { [output] }

    func shareGradients(_ memory: GradientMemory) throws {
        if input.needsGradient { try memory.take(for: input) }
        memory.release(output)
    }

    func forward(_ pass: FusedPass) {
        ctk_reorder_columns(pass.team.pointer, &input.values, &output.values)
    }

    func backward(_ pass: FusedPass) {
        guard input.needsGradient else { return }
        ctk_reorder_columns(pass.team.pointer, &output.gradient, &input.gradient)
    }
}

extension Linear: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let shape = try outputShape(for: network.shape)
        let input = try network.state()
        let isBlocked = input.form.isBlocked
        let filter = FusedFilter(
            weight: try network.parameter(weight),
            bias: try network.parameter(bias),
            inputs: inputs,
            outputs: outputs,
            kernelSize: 1,
            stride: 1
        )
        let isLast = network.isAtEnd
        let output = try FusedState(
            .units(outputs, isBlocked: isBlocked && !isLast),
            needsGradient: true
        )
        let layer: any FusedLayer =
            isBlocked && isLast
            ? try FusedLogits(filter, input: input, output: output)
            : FusedConvolution(filter, input: input, output: output)
        network.append(layer, output: output, shape: shape)
    }
}

extension Convolution: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let shape = try outputShape(for: network.shape)
        var filter = try fusedFilter(in: network)
        var input: FusedState
        if kernelSize == 3, stride == 1, let patches = try network.patches() {
            filter = filter.onPatches()
            input = patches
        } else {
            input = try network.state()
        }
        if stride == 2 {
            var form = input.form
            form.isSplit = true
            let split = try FusedState(form, needsGradient: input.needsGradient)
            network.append(
                FusedColumnSplit(input: input, output: split),
                output: split,
                shape: network.shape
            )
            input = split
        }
        let output = try FusedState(network.form(of: shape), needsGradient: true)
        network.append(
            FusedConvolution(filter, input: input, output: output),
            output: output,
            shape: shape
        )
    }

    /// The convolution's weights as the kernels take them.
    ///
    /// - Throws: `NotFusible` unless it is 1 × 1 or 3 × 3, padded to keep the size, of stride 1 or 2.
    func fusedFilter(in network: FusedNetworkBuilder) throws -> FusedFilter {
        guard kernelSize == 1 || kernelSize == 3, padding == kernelSize / 2, stride <= 2 else {
            throw NotFusible(reason: "a block of the form '\(summary), padding \(padding)'")
        }
        return FusedFilter(
            weight: try network.parameter(weight),
            bias: try bias.map(network.parameter),
            inputs: inputs,
            outputs: outputs,
            kernelSize: kernelSize,
            stride: stride
        )
    }
}
