internal import CLibTorch

/// Changes parameters so that a loss falls.
public protocol Optimizer: AnyObject {
    /// The step size; a schedule may change it before every step.
    var learningRate: Double { get set }
    /// What is learned.
    var parameters: [Tensor] { get }
    /// Everything that the next step depends on beside the parameters and their gradients, named
    /// uniquely; restore by copying elements into it.
    var state: [NamedTensor] { get }
    /// Changes the parameters by their present gradients; those without one stay as they are.
    func applyGradients() throws
}

extension Optimizer {
    /// One step: clears old gradients, goes backward from `loss`, and changes the parameters.
    public func step(minimizing loss: Tensor) throws {
        try computeGradients(of: loss)
        try applyGradients()
    }

    /// The first half of a step: clears old gradients and goes backward from `loss`.
    public func computeGradients(of loss: Tensor) throws {
        try clearGradients()
        try loss.backward()
    }

    /// Forgets the gradients of all parameters; backward passes then add theirs up.
    public func clearGradients() throws {
        for parameter in parameters {
            try parameter.clearGradient()
        }
    }

    /// Shortens the gradient, all parameters' together, to a Euclidean norm of `limit` where it is
    /// longer, as PyTorch's `clip_grad_norm_` does: by the factor min(1, limit / (norm + 1e-6)).
    ///
    /// - Parameter limit: the largest norm, above 0.
    /// - Returns: the norm before. Where it is not a finite number, the gradients are left as they
    ///   are, and should not be applied.
    /// - Throws: `TorchError` for a limit that is not above 0.
    @discardableResult
    public func clipGradients(toNorm limit: Double) throws -> Double {
        guard limit > 0 else {
            throw TorchError("gradients are clipped to a norm above 0, not to \(limit)")
        }
        let parameters = parameters
        var norm = 0.0
        try withExtendedLifetime(parameters) {
            let handles = parameters.map(\.handle)
            try check(clt_clip_gradients(handles, Int32(handles.count), limit, &norm))
        }
        return norm
    }

    /// The positions of the parameters that have a gradient, and those gradients.
    fileprivate func presentGradients() throws -> (indices: [Int], gradients: [Tensor]) {
        var indices: [Int] = []
        var gradients: [Tensor] = []
        for (index, parameter) in parameters.enumerated() {
            guard let gradient = try parameter.gradient else { continue }
            indices.append(index)
            gradients.append(gradient)
        }
        return (indices, gradients)
    }
}

extension Tensor {
    /// Zeros of the same shape and type, on the same device.
    fileprivate func zerosAlike() throws -> Tensor {
        try .zeros(shape, dtype: dtype, device: device)
    }
}

/// Stochastic gradient descent with momentum, Nesterov's variant, and weight decay on every parameter,
/// as PyTorch defines them.
public final class SGD: Optimizer {
    /// The step size.
    public var learningRate: Double
    /// The parameters of the module, in the order of its state dictionary.
    public let parameters: [Tensor]
    /// The share of the previous direction, in [0, 1).
    public let momentum: Double
    /// Whether the gradient is taken as if at the next position.
    public let nesterov: Bool
    /// The factor of each parameter that is added to its gradient.
    public let weightDecay: Double
    /// The momentum of each parameter; none where there is no momentum.
    public let momentumBuffers: [Tensor]

    /// Creates an optimizer of all parameters of a module.
    public init(
        _ module: any Module,
        learningRate: Double = 0.1,
        momentum: Double = 0.9,
        nesterov: Bool = true,
        weightDecay: Double = 1e-4
    ) throws {
        self.learningRate = learningRate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weightDecay = weightDecay
        parameters = module.parameters()
        momentumBuffers = momentum == 0 ? [] : try parameters.map { try $0.zerosAlike() }
    }

    /// The momentum buffers.
    public var state: [NamedTensor] {
        momentumBuffers.enumerated().map { NamedTensor("momentum.\($0)", $1, role: .buffer) }
    }

    /// Changes the parameters by their present gradients; those without one stay as they are.
    public func applyGradients() throws {
        let (indices, gradients) = try presentGradients()
        guard !indices.isEmpty else { return }
        let buffers = momentumBuffers.isEmpty ? [] : indices.map { momentumBuffers[$0] }
        try withExtendedLifetime((parameters, gradients, buffers)) {
            try check(
                clt_sgd_step(
                    indices.map { parameters[$0].handle },
                    gradients.map(\.handle),
                    buffers.isEmpty ? nil : buffers.map(\.handle),
                    Int32(indices.count),
                    learningRate,
                    momentum,
                    weightDecay,
                    nesterov
                )
            )
        }
    }
}

/// Adam (Kingma and Ba, 2015), and AdamW (Loshchilov and Hutter, 2019) when the weight decay is
/// decoupled from the gradient.
public final class Adam: Optimizer {
    /// The step size.
    public var learningRate: Double
    /// The parameters of the module, in the order of its state dictionary.
    public let parameters: [Tensor]
    /// Decay of the running mean of gradients.
    public let beta1: Double
    /// Decay of the running mean of squared gradients.
    public let beta2: Double
    /// Added to the root of the latter.
    public let epsilon: Double
    /// The strength of weight decay.
    public let weightDecay: Double
    /// Whether weight decay acts on the parameters directly, as in AdamW.
    public let decoupled: Bool
    private let firstMoments: [Tensor]
    private let secondMoments: [Tensor]
    private let steps: [Tensor]

    /// Creates an optimizer of all parameters of a module.
    public init(
        _ module: any Module,
        learningRate: Double = 1e-3,
        beta1: Double = 0.9,
        beta2: Double = 0.999,
        epsilon: Double = 1e-8,
        weightDecay: Double = 0,
        decoupled: Bool = false
    ) throws {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decoupled = decoupled
        parameters = module.parameters()
        firstMoments = try parameters.map { try $0.zerosAlike() }
        secondMoments = try parameters.map { try $0.zerosAlike() }
        steps = try parameters.map { try .zeros([], device: $0.device) }
    }

    /// Both moments and the number of steps of every parameter.
    public var state: [NamedTensor] {
        let groups = [("mean", firstMoments), ("square", secondMoments), ("steps", steps)]
        return groups.flatMap { name, tensors in
            tensors.enumerated().map { NamedTensor("\(name).\($0)", $1, role: .buffer) }
        }
    }

    /// Changes the parameters by their present gradients; those without one stay as they are.
    public func applyGradients() throws {
        let (indices, gradients) = try presentGradients()
        guard !indices.isEmpty else { return }
        func handles(_ tensors: [Tensor]) -> [clt_tensor] {
            indices.map { tensors[$0].handle }
        }
        try withExtendedLifetime((self, gradients)) {
            try check(
                clt_adam_step(
                    handles(parameters),
                    gradients.map(\.handle),
                    handles(firstMoments),
                    handles(secondMoments),
                    handles(steps),
                    Int32(indices.count),
                    learningRate,
                    beta1,
                    beta2,
                    epsilon,
                    weightDecay,
                    decoupled
                )
            )
        }
    }
}
