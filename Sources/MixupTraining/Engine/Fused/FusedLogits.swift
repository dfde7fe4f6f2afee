internal import CTrainKernels
import LibTorch

/// A layer of units from blocks to planes, so that logits are not rounded to bfloat16. Their gradient
/// is, for the products with it.
final class FusedLogits: FusedLayer {
    private let filter: FusedFilter
    private let input: FusedState
    private let output: FusedState
    /// The gradient of the output in blocks.
    private let slopes: FusedState

    init(_ filter: FusedFilter, input: FusedState, output: FusedState) throws {
        self.filter = filter
        self.input = input
        self.output = output
        slopes = try FusedState(
            .units(filter.outputs, isBlocked: true),
            needsGradient: true
        )
    }

    var states: [FusedState] { [output, slopes] }

    func shareGradients(_ memory: GradientMemory) throws {
        try memory.take(for: slopes)
        memory.release(output)
        if input.needsGradient { try memory.take(for: input) }
        memory.release(slopes)
    }

    func forward(_ pass: FusedPass) throws {
        try filter.forward(input, to: output, pass)
    }

    func backward(_ pass: FusedPass) throws {
        // The mean over one pixel is that pixel.
        ctk_average_pool_gradient(pass.team.pointer, &output.gradient, &slopes.gradient)
        // The weights may take their step with their gradient.
        if input.needsGradient { try filter.inputGradient(slopes, to: input, pass) }
        try filter.parameterGradients(input, slopes, mayDescend: true, pass)
    }
}
