import LibTorch
import ManifoldMixup

/// Computes steps as autograd does, on a CUDA device, with forward and backward passes that are recorded
/// once and then repeated: small networks wait for the CPU, which starts their operations one by one.
///
/// A recording fixes the boundary k and the shapes, so that there is one for each k; what is mixed at the
/// input is mixed before. Gradients are clipped, averaged over ranks and applied outside of recordings.
final class GraphEngine: StepEngine {
    let summary = "autograd by CUDA graphs"

    /// As many steps of a kind go before its recording, so that libraries have prepared all they need.
    static let stepsBefore = 3

    /// What a recording is made for.
    private struct Kind: Hashable {
        let inputShape: [Int]
        let layer: Int?
        let blocksGradients: Bool
    }

    private let autograd: AutogradEngine
    private let parameters: [Tensor]
    private var counts: [Kind: Int] = [:]
    private var passes: [Kind: RecordedPass] = [:]

    /// Prepares recordings of a model's passes.
    ///
    /// - Parameter autograd: computes what is recorded.
    /// - Throws: `TrainingError` for what is not covered.
    init(
        _ model: any Classifier,
        settings: TrainingSettings,
        partCount: Int,
        ranks: Ranks,
        autograd: AutogradEngine
    ) throws {
        let device = try model.device
        guard device != .cpu else { throw Self.refusal(of: "models on the CPU") }
        guard Recording.isPossible(on: device) else {
            throw Self.refusal(of: "anything in a program built without CUDA's headers")
        }
        guard partCount == ranks.count else {
            throw Self.refusal(of: "minibatches in several parts")
        }
        guard ranks.count == 1 || !settings.syncBatchNorm else {
            throw Self.refusal(of: "batch normalisation over several ranks")
        }
        guard !model.dropsUnits else {
            throw Self.refusal(of: "dropout, whose masks are drawn on the CPU")
        }
        if let mixup = settings.mixup { try Self.checkCoverage(of: mixup) }
        self.autograd = autograd
        parameters = model.parameters()
    }

    func beginStep() throws { try autograd.beginStep() }

    func addLoss(
        of batch: TensorBatch,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Double {
        var (input, targets, draw) = (try batch.input(), try batch.targets(), draw)
        if let atInput = draw, atInput.layer == 0 {
            input = try atInput.mixedState(input)
            targets = try atInput.mixedTargets(targets)
            draw = nil
        }
        let mix = draw as? MixDraw
        let kind = Kind(
            inputShape: try input.shape,
            layer: mix?.layer,
            blocksGradients: mix?.blocksGradients ?? false
        )
        let pass: (Tensor, Tensor, (any MinibatchDraw)?) throws -> Tensor = { [autograd] in
            try autograd.lossWithGradients(
                of: $0,
                targets: $1,
                mixing: $2,
                dropoutGenerator: dropoutGenerator,
                share: 1
            )
        }
        let count = counts[kind, default: 0]
        guard count >= Self.stepsBefore else {
            counts[kind] = count + 1
            return try pass(input, targets, draw).item()
        }
        let recorded =
            try passes[kind]
            ?? RecordedPass(of: parameters, input: input, targets: targets, mix: mix, pass)
        passes[kind] = recorded
        return try recorded.loss(of: input, targets: targets, mixing: mix)
    }

    func descend(clippingTo clipNorm: Double?) throws -> Bool {
        try autograd.descend(clippingTo: clipNorm)
    }

    private static func refusal(of reason: String) -> TrainingError {
        .impossible("the engine cuda-graphs does not cover \(reason); choose the engine autograd")
    }

    /// Makes sure that all that a method does to hidden states can be recorded.
    private static func checkCoverage(of method: any MixingMethod) throws {
        switch method {
        case let mixup as Mixup:
            guard mixup.lambdaScope == .batch else {
                throw Self.refusal(of: "one λ for each example")
            }
            guard !mixup.usesSecondMinibatch else {
                throw Self.refusal(of: "separate minibatches")
            }
        case is CutMix, is Cutout:
            return
        case let policy as MixingPolicy:
            for choice in policy.choices {
                if let method = choice.method { try checkCoverage(of: method) }
            }
        default:
            throw Self.refusal(of: "the method \(method.summary)")
        }
    }
}

extension Module {
    /// Whether there is dropout in it that drops anything.
    fileprivate var dropsUnits: Bool {
        if let dropout = self as? Dropout { return dropout.probability > 0 }
        return children.contains { $0.module.dropsUnits }
    }
}
