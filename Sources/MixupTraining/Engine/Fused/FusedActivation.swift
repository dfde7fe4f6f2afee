internal import CTrainKernels
import LibTorch

/// An activation, in place: no layer before one needs its own output again.
final class FusedActivation: FusedLayer {
    let function: ctk_activation
    private let state: FusedState

    init(_ function: Activation.Function, state: FusedState) {
        self.function = function.kernel
        self.state = state
    }

    var states: [FusedState] { [] }

    func shareGradients(_ memory: GradientMemory) {}

    func forward(_ pass: FusedPass) {
        state.values.moments = nil
        ctk_activate(pass.team.pointer, function, &state.values)
    }

    func backward(_ pass: FusedPass) {
        guard state.needsGradient else { return }
        ctk_activation_gradient(pass.team.pointer, function, &state.values, &state.gradient)
    }
}

extension Activation: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let state = try network.state()
        guard !state.isActivated else {
            throw NotFusible(reason: "one activation behind another")
        }
        state.isActivated = true
        network.append(
            FusedActivation(function, state: state),
            output: state,
            shape: network.shape
        )
    }
}

extension Activation.Function {
    /// The function as kernels name it.
    var kernel: ctk_activation {
        switch self {
        case .relu: CTK_RELU
        case .leakyReLU: CTK_LEAKY_RELU
        case .tanh: CTK_TANH
        }
    }
}
