import LibTorch
import ManifoldMixup

/// What computes the steps of a training: first the loss of a minibatch, then the new weights.
protocol StepEngine: AnyObject {
    /// What it is, and what speaks for it, in a few words.
    var summary: String { get }

    /// The loss of a minibatch; the weights stay as they are.
    ///
    /// - Parameters:
    ///   - input: the examples, [N, …].
    ///   - targets: their class probabilities, [N, C].
    ///   - draw: what to mix.
    func loss(of input: Tensor, targets: Tensor, mixing draw: (any MinibatchDraw)?) throws -> Double

    /// Moves the weights against the gradient of the last loss.
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
    private let dropoutGenerator: Generator
    private var loss: Tensor?

    /// Puts convolutions' weights into the order that the settings ask for.
    init(
        _ model: any Classifier,
        optimizer: any Optimizer,
        settings: TrainingSettings,
        dropoutGenerator: Generator,
        reason: String?
    ) throws {
        if settings.channelsLast { try model.useChannelsLast() }
        self.model = model
        self.optimizer = optimizer
        self.settings = settings
        self.dropoutGenerator = dropoutGenerator
        summary = "autograd" + (reason.map { " (\($0))" } ?? "")
    }

    func loss(of input: Tensor, targets: Tensor, mixing draw: (any MinibatchDraw)?) throws -> Double
    {
        let input = settings.channelsLast ? try input.channelsLast() : input
        let (logits, mixedTargets) = try withBFloat16Autocast(settings.precision == .bfloat16) {
            try model.trainingPass(
                input,
                targets: targets,
                mixing: draw,
                dropoutGenerator: dropoutGenerator
            )
        }
        let loss = try settings.loss(logits.to(settings.precision.dtype), mixedTargets)
        self.loss = loss
        return try loss.item()
    }

    func descend(clippingTo clipNorm: Double?) throws -> Bool {
        guard let loss else { return true }
        self.loss = nil
        try optimizer.computeGradients(of: loss)
        if let clipNorm, try !optimizer.clipGradients(toNorm: clipNorm).isFinite { return false }
        try optimizer.applyGradients()
        return true
    }
}
