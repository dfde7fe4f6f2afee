import LibTorch
import ManifoldMixup

/// What computes the steps of a training: first the loss of a minibatch, in one part or several, then
/// the new weights.
protocol StepEngine: AnyObject {
    /// What it is, and what speaks for it, in a few words.
    var summary: String { get }

    /// Forgets the gradients of the step before.
    func beginStep() throws

    /// Goes through one part of a minibatch, whose share of the gradient is added to that of the parts
    /// before; the weights stay as they are.
    ///
    /// - Parameters:
    ///   - batch: the examples and their labels.
    ///   - draw: what to mix.
    ///   - dropoutGenerator: what dropout draws from.
    ///   - share: the part's weight in the minibatch, 1 for all of it.
    /// - Returns: the part's share of the loss.
    func addLoss(
        of batch: TensorBatch,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Double

    /// Moves the weights against the gradient of the step's loss.
    ///
    /// - Parameter clipNorm: the norm to which the gradient is shortened first.
    /// - Returns: whether the gradient's norm was finite, where it was to be clipped; otherwise the
    ///   weights are as they were.
    func descend(clippingTo clipNorm: Double?) throws -> Bool
}

/// Computes steps by libtorch's operations and its recorded gradients.
final class AutogradEngine: StepEngine {
    let summary: String
    private let model: any Classifier
    private let optimizer: any Optimizer
    private let settings: TrainingSettings
    private let device: Device
    private let statisticsGroup: ProcessGroup?

    /// Puts convolutions' weights into the order that the settings ask for.
    init(
        _ model: any Classifier,
        optimizer: any Optimizer,
        settings: TrainingSettings,
        ranks: Ranks,
        reason: String?
    ) throws {
        if settings.channelsLast { try model.useChannelsLast() }
        self.model = model
        self.optimizer = optimizer
        self.settings = settings
        device = try model.device
        statisticsGroup = settings.syncBatchNorm ? ranks.group : nil
        summary = "autograd" + (reason.map { " (\($0))" } ?? "")
    }

    func beginStep() throws { try optimizer.clearGradients() }

    func addLoss(
        of batch: TensorBatch,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Double {
        try lossWithGradients(
            of: batch.input(),
            targets: batch.targets(),
            mixing: draw,
            dropoutGenerator: dropoutGenerator,
            share: share
        ).item() * share
    }

    /// The loss of one part of a minibatch, one number on the device, after its backward pass.
    ///
    /// - Parameters:
    ///   - input: the examples, [N, …].
    ///   - targets: their class probabilities, [N, C].
    func lossWithGradients(
        of input: Tensor,
        targets: Tensor,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator,
        share: Double
    ) throws -> Tensor {
        let input = settings.channelsLast ? try input.channelsLast() : input
        let (logits, mixedTargets) = try withBFloat16Autocast(
            settings.precision == .bfloat16,
            on: device
        ) {
            try model.trainingPass(
                input,
                targets: targets,
                mixing: draw,
                dropoutGenerator: dropoutGenerator,
                statisticsGroup: statisticsGroup
            )
        }
        let loss = try settings.loss(logits.to(settings.precision.dtype), mixedTargets)
        try (share == 1 ? loss : loss * share).backward()
        return loss
    }

    func descend(clippingTo clipNorm: Double?) throws -> Bool {
        if let clipNorm, try !optimizer.clipGradients(toNorm: clipNorm).isFinite { return false }
        try optimizer.applyGradients()
        return true
    }
}
