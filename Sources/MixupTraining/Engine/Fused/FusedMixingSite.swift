internal import CTrainKernels
import LibTorch
import ManifoldMixup

/// Who is mixed with whom in one step, as the kernels take it.
final class FusedMix {
    /// The boundary k.
    let layer: Int
    private let order: [Int32]
    private let inverse: [Int32]
    private let weights: [Float]

    /// - Throws: `MixupError` unless the draw is for a batch of this size.
    init(_ draw: MixDraw, batch: Int) throws {
        let partners = try Partners(of: draw, batch: batch)
        layer = draw.layer
        order = partners.order
        inverse = partners.inverse
        weights =
            draw.lambdas.count == 1
            ? [Float](repeating: Float(draw.lambdas[0]), count: batch)
            : draw.lambdas.map(Float.init)
    }

    /// Mixes rows of `width` numbers, one for each example, into other memory.
    func mixRows(
        _ rows: UnsafePointer<Float>,
        width: Int,
        _ pass: FusedPass,
        in memory: KernelMemory
    ) throws -> UnsafePointer<Float> {
        try memory.reserve(pass.batch * width)
        withKernelMix {
            ctk_mix_rows(
                pass.team.pointer,
                &$0,
                rows,
                Int64(pass.batch),
                Int64(width),
                memory.elements
            )
        }
        return UnsafePointer(memory.elements)
    }

    /// Lends the draw to kernels.
    func withKernelMix<Value>(_ body: (inout ctk_mix) -> Value) -> Value {
        order.withUnsafeBufferPointer { order in
            inverse.withUnsafeBufferPointer { inverse in
                weights.withUnsafeBufferPointer { weights in
                    var mix = ctk_mix(
                        order: order.baseAddress,
                        inverse: inverse.baseAddress,
                        weights: weights.baseAddress
                    )
                    return body(&mix)
                }
            }
        }
    }
}

/// A boundary at which the hidden state may be mixed, with the activation right before it, if there is
/// one; where nothing is mixed, the output is the input.
final class FusedMixingSite: FusedLayer {
    private let number: Int
    private let activation: FusedActivation?
    private let input: FusedState
    private let output: FusedState

    /// - Parameters:
    ///   - number: the boundary, from 1.
    ///   - activation: of the input, in place.
    init(_ number: Int, activation: FusedActivation?, input: FusedState, output: FusedState) {
        self.number = number
        self.activation = activation
        self.input = input
        self.output = output
    }

    var states: [FusedState] { [output] }

    func shareGradients(_ memory: GradientMemory) {
        input.gradientMemory = output.gradientMemory
    }

    func forward(_ pass: FusedPass) throws {
        guard let mix = pass.mix, mix.layer == number else {
            activation?.forward(pass)
            output.values = input.values
            return
        }
        try output.prepareValues(batch: pass.batch)
        output.values.moments = nil
        mix.withKernelMix {
            ctk_mix_planes(pass.team.pointer, &$0, function, &input.values, &output.values)
        }
    }

    func backward(_ pass: FusedPass) {
        guard let mix = pass.mix, mix.layer == number else {
            activation?.backward(pass)
            return
        }
        guard input.needsGradient else { return }
        mix.withKernelMix {
            ctk_mix_planes_gradient(
                pass.team.pointer,
                &$0,
                function,
                &input.values,
                &output.gradient
            )
        }
    }

    private var function: ctk_activation { activation?.function ?? CTK_IDENTITY }
}

extension MixingSite: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let input = try network.state()
        let output = try FusedState(input.form, needsGradient: input.needsGradient)
        output.isActivated = input.isActivated
        output.origin = input
        let activation = network.takeLastActivation()
        network.append(
            FusedMixingSite(
                network.nextSite(),
                activation: activation,
                input: input,
                output: output
            ),
            output: output,
            shape: network.shape
        )
    }
}
