internal import CTrainKernels
import LibTorch
import ManifoldMixup
import MixupData

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
    private var lastPass: FusedPass?
    /// Of the last draw; its memory is kept.
    private let ownMix = FusedMix()

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
    }

    var summary: String { "fused (\(evaluator.summary))" }

    func beginStep() { lastPass = nil }

    /// Goes forward; a minibatch has one part here.
    func addLoss(
        of batch: TensorBatch,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Double {
        let network = evaluator.network
        let mix = try (draw as? MixDraw).map { draw in
            try ownMix.take(draw, batch: batch.count)
            return ownMix
        }
        let pass = try evaluator.makePass(
            batch: batch.count,
            isTraining: true,
            mix: mix,
            dropoutGenerator: dropoutGenerator
        )
        guard batch.classCount == network.output.form.channels else {
            throw MixupError(
                "the model has \(network.output.form.channels) logits for \(batch.classCount) classes; "
                    + "it needs one for each"
            )
        }
        try evaluator.require(inputShape: batch.minibatch.shape, batch: batch.count)
        if mix == nil, let draw {
            // What changes images, and only the input: libtorch does that well enough.
            let targets = try draw.mixedTargets(batch.targets())
            try draw.mixedState(batch.input()).withKernelExamples {
                try network.forward($0, pass)
            }
            lastPass = pass
            return try withExtendedLifetime(targets) {
                let numbers = try FusedParameter.elements(of: targets).pointer
                return loss(of: ctk_targets(numbers: numbers, labels: nil, mix: nil), pass)
            }
        }
        func goForward() throws -> Double {
            try batch.minibatch.withKernelExamples { try network.forward($0, pass) }
            lastPass = pass
            return loss(of: batch.minibatch.labels, pass)
        }
        return try network.hasDropout ? goForward() : pass.team.together(goForward)
    }

    /// The loss for labels, which are mixed as the pass says.
    private func loss(of labels: [Int64], _ pass: FusedPass) -> Double {
        labels.withUnsafeBufferPointer { labels in
            func mixedLoss(_ mix: UnsafePointer<ctk_mix>?) -> Double {
                let targets = ctk_targets(numbers: nil, labels: labels.baseAddress, mix: mix)
                return loss(of: targets, pass)
            }
            return pass.mix?.withKernelMix { mixedLoss(&$0) } ?? mixedLoss(nil)
        }
    }

    /// The loss of the network's output, whose gradient takes the place of the output's.
    private func loss(of targets: ctk_targets, _ pass: FusedPass) -> Double {
        let (team, output) = (pass.team.pointer, evaluator.network.output)
        return withUnsafePointer(to: targets) {
            switch settings.loss {
            case .softCrossEntropy:
                ctk_soft_cross_entropy(team, &output.values, $0, &output.gradient)
            case .paperBinaryCrossEntropy:
                ctk_softmax_binary_cross_entropy(team, &output.values, $0, &output.gradient)
            }
        }
    }

    func descend(clippingTo clipNorm: Double?) throws -> Bool {
        guard let pass = lastPass else { return true }
        lastPass = nil
        let descent = ctk_descent(
            learning_rate: optimizer.learningRate,
            momentum: optimizer.momentum,
            weight_decay: optimizer.weightDecay,
            nesterov: optimizer.nesterov
        )
        let momenta = optimizer.momentumBuffers
        for (index, parameter) in learned.enumerated() {
            parameter.awaitStep(momentum: momenta.isEmpty ? nil : momenta[index])
        }
        // A gradient that may be shortened has to be known as a whole first.
        if clipNorm == nil { pass.descent = descent }
        return try pass.team.together { try descend(pass, descent, clippingTo: clipNorm) }
    }

    private func descend(
        _ pass: FusedPass,
        _ descent: ctk_descent,
        clippingTo clipNorm: Double?
    ) throws -> Bool {
        try evaluator.network.backward(pass)
        var factor = 1.0
        if let clipNorm {
            let norm = learned.reduce(0) { $0 + $1.squaredNorm(team: pass.team) }.squareRoot()
            guard norm.isFinite else { return false }
            factor = min(1, clipNorm / (norm + 1e-6))
        }
        for parameter in learned {
            try parameter.descend(descent, factor: factor, team: pass.team)
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
