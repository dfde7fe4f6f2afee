internal import CTrainKernels
import LibTorch
import ManifoldMixup

/// Who is mixed with whom in a step, as the kernels take it.
final class FusedMix {
    /// The boundary k.
    private(set) var layer = 0
    private var partners = Partners()
    private var weights: [Float] = []

    /// Takes another draw.
    ///
    /// - Throws: `MixupError` unless the draw is for a batch of this size.
    func take(_ draw: MixDraw, batch: Int) throws {
        try partners.take(draw, batch: batch)
        layer = draw.layer
        weights.removeAll(keepingCapacity: true)
        for index in 0..<batch {
            weights.append(Float(draw.lambdas[draw.lambdas.count == 1 ? 0 : index]))
        }
    }

    /// Lends the draw to kernels.
    func withKernelMix<Value>(_ body: (inout ctk_mix) -> Value) -> Value {
        partners.order.withUnsafeBufferPointer { order in
            partners.inverse.withUnsafeBufferPointer { inverse in
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
    ///   - activation: of the input; in place, or on the way into the mix.
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
