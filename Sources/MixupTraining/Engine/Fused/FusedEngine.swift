internal import CTrainKernels
import LibTorch
import ManifoldMixup

/// Computes steps by the kernels of this package: single precision, stochastic gradient descent, and
/// a model of known blocks.
///
/// It works on the model's own tensors and on the optimizer's own momentum, so that checkpoints,
/// averages, and evaluations by libtorch find everything where it is. Its random decisions come from
/// the same streams as those of autograd, in the same order.
final class FusedEngine: StepEngine {
    private let evaluator: FusedEvaluator
    private let optimizer: SGD
    private let settings: TrainingSettings
    /// What the optimizer changes, in its order.
    private let learned: [FusedParameter]
    private let mixedTargets: KernelMemory
    private var lastPass: FusedPass?

    /// Plans the steps of a training.
    ///
    /// - Parameter evaluator: what runs the model.
    /// - Throws: `NotFusible` for what is not covered.
    init(
        optimizer: any Optimizer,
        settings: TrainingSettings,
        evaluator: FusedEvaluator
    ) throws {
        guard let optimizer = optimizer as? SGD else {
            throw NotFusible(reason: "optimizers other than SGD")
        }
        if let mixup = settings.mixup { try Self.checkCoverage(of: mixup) }
        self.optimizer = optimizer
        self.settings = settings
        self.evaluator = evaluator
        learned = try optimizer.parameters.map { tensor in
            let matches = evaluator.network.parameters.filter { $0.tensor === tensor }
            guard matches.count == 1, try tensor.requiresGradient else {
                throw NotFusible(reason: "weights that are shared, fixed, or not in a block")
            }
            return matches[0]
        }
        mixedTargets = try KernelMemory(0)
    }

    var summary: String { "fused (\(evaluator.summary))" }

    func beginStep() { lastPass = nil }

    /// Goes forward; a minibatch has one part here.
    func addLoss(
        of input: Tensor,
        targets: Tensor,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Double {
        let batch = try input.shape[0]
        let mix = try (draw as? MixDraw).map { try FusedMix($0, batch: batch) }
        let network = evaluator.network
        let pass = try evaluator.makePass(
            batch: batch,
            isTraining: true,
            mix: mix,
            dropoutGenerator: dropoutGenerator
        )
        var (input, targets) = (input, targets)
        if mix == nil, let draw {
            // What changes images, and only the input: libtorch does that well enough.
            input = try draw.mixedState(input)
            targets = try draw.mixedTargets(targets)
        }
        try evaluator.forward(input, pass)
        let classCount = network.output.form.channels
        guard try targets.shape == [batch, classCount] else {
            throw MixupError(
                "logits of shape \([batch, classCount]) and targets of shape \(try targets.shape) do "
                    + "not fit; both must be [N, C], one column per class"
            )
        }
        lastPass = pass
        return try withExtendedLifetime(targets) {
            var elements = UnsafePointer(try FusedParameter.elements(of: targets).pointer)
            if let mix {
                elements = try mix.mixRows(elements, width: classCount, pass, in: mixedTargets)
            }
            let (logits, gradient) = (network.output, network.output)
            switch settings.loss {
            case .softCrossEntropy:
                return ctk_soft_cross_entropy(&logits.values, elements, &gradient.gradient)
            case .paperBinaryCrossEntropy:
                return ctk_softmax_binary_cross_entropy(
                    &logits.values,
                    elements,
                    &gradient.gradient
                )
            }
        }
    }

    func descend(clippingTo clipNorm: Double?) throws -> Bool {
        guard let pass = lastPass else { return true }
        lastPass = nil
        try evaluator.network.backward(pass)
        var factor = 1.0
        if let clipNorm {
            let norm = learned.reduce(0) { $0 + $1.squaredNorm(team: pass.team) }.squareRoot()
            guard norm.isFinite else { return false }
            factor = min(1, clipNorm / (norm + 1e-6))
        }
        var descent = ctk_descent(
            learning_rate: optimizer.learningRate,
            momentum: optimizer.momentum,
            weight_decay: optimizer.weightDecay,
            nesterov: optimizer.nesterov
        )
        let momenta = optimizer.state.map(\.tensor)
        for (index, parameter) in learned.enumerated() {
            try parameter.descend(
                &descent,
                factor: factor,
                momentum: momenta.isEmpty ? nil : momenta[index],
                team: pass.team
            )
        }
        return true
    }

    /// Makes sure that the engine can mix as a method does.
    private static func checkCoverage(of method: any MixingMethod) throws {
        guard !method.usesSecondMinibatch else {
            throw NotFusible(reason: "separate minibatches")
        }
        switch method {
        case let mixup as Mixup where mixup.blocksGradients:
            throw NotFusible(reason: "blocked gradients")
        case is Mixup, is CutMix, is Cutout:
            return
        case let policy as MixingPolicy:
            for choice in policy.choices {
                if let method = choice.method { try checkCoverage(of: method) }
            }
        default:
            throw NotFusible(reason: "the method \(method.summary)")
        }
    }
}
