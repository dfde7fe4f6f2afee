internal import CTrainKernels
import LibTorch

/// The mean of every channel over the image.
final class FusedPool: FusedLayer {
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
        ctk_average_pool(pass.team.pointer, &input.values, &output.values)
    }

    func backward(_ pass: FusedPass) {
        guard input.needsGradient else { return }
        ctk_average_pool_gradient(pass.team.pointer, &output.gradient, &input.gradient)
    }
}

extension GlobalAveragePool: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let shape = try outputShape(for: network.shape)
        let input = try network.state()
        // Means are of single precision.
        let output = try FusedState(
            .units(shape[0], isBlocked: false),
            needsGradient: input.needsGradient
        )
        network.append(FusedPool(input: input, output: output), output: output, shape: shape)
    }
}
