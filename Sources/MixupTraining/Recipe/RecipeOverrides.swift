import LibTorch
import ManifoldMixup

/// What a command line may say instead of a recipe; nil is "not said".
///
/// The rule for flags that name something: one that names *another* model, method, optimizer or
/// schedule than the recipe starts that whole section afresh from the defaults of what it names,
/// because α = 2 or a learning rate of 0.1 belongs to what was there before. The other flags
/// then apply to that. Naming what the recipe has already changes nothing.
///
/// Some settings follow another one: new layers without new weights drop the old weights, new methods
/// to choose from drop the old weights and α, and a momentum of 0 turns Nesterov off unless the same
/// command asks for it.
public struct RecipeOverrides: Equatable, Sendable {
    /// An eligible set as a command line gives it.
    public enum Layers: Equatable, Sendable {
        /// Every boundary that the model has.
        case all
        /// These boundaries.
        case only([Int])

        /// Reads `all` or whole numbers with commas between them; nil for anything else.
        public init?(_ text: String) {
            if text == "all" {
                self = .all
                return
            }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let layers = parts.compactMap { Int($0.trimmingPrefix(" ")) }
            guard layers.count == parts.count else { return nil }
            self = .only(layers)
        }
    }

    /// Replaces `data.source`.
    public var dataSource: [String]?
    /// Replaces `data.directory`.
    public var dataDirectory: String?
    /// Replaces `data.per-class`.
    public var perClass: Int?
    /// Replaces `data.hold-out`.
    public var holdOut: Double?
    /// Replaces `data.split-seed`.
    public var splitSeed: UInt64?
    /// Replaces `data.workers`.
    public var workers: Int?
    /// Replaces `augmentation.flip`.
    public var flip: Bool?
    /// Replaces `augmentation.crop-padding`.
    public var cropPadding: Int?
    /// Replaces `augmentation.cutout`.
    public var cutout: Int?
    /// Replaces `model.name`; another one starts the section afresh.
    public var model: Recipe.Model.Name?
    /// Replaces `model.widths`.
    public var widths: [Int]?
    /// Replaces `model.activation`.
    public var activation: Activation.Function?
    /// Replaces `model.dropout`.
    public var dropout: Double?
    /// Replaces `model.batch-norm`.
    public var batchNorm: Bool?
    /// Replaces `model.bottleneck`.
    public var bottleneck: Int?
    /// Replaces `model.width`.
    public var width: Int?
    /// Replaces `model.initial-stride`.
    public var initialStride: Int?
    /// Replaces `model.depth`.
    public var depth: Int?
    /// Replaces `model.widen-factor`.
    public var widenFactor: Int?
    /// Replaces `model.variant`.
    public var variant: Recipe.Model.Variant?
    /// Replaces `model.initial-weights`.
    public var initialWeights: String?
    /// Replaces `method.name`; another one starts the section afresh.
    public var method: Recipe.Method.Name?
    /// Replaces `method.alpha`.
    public var alpha: Double?
    /// Replaces `method.final-alpha`.
    public var finalAlpha: Double?
    /// Replaces `method.layers`.
    public var layers: Layers?
    /// Replaces `method.layer-weights`.
    public var layerWeights: [Double]?
    /// Replaces `method.lambda`.
    public var lambda: Mixup.LambdaScope?
    /// Replaces `method.fold`.
    public var fold: Bool?
    /// Replaces `method.partner`.
    public var partner: Mixup.Partner?
    /// Replaces `method.block-gradients`.
    public var blockGradients: Bool?
    /// Replaces `method.hole`.
    public var hole: Int?
    /// Replaces `method.among`, and the weights and α of what was there before.
    public var among: [Recipe.Method.Name]?
    /// Replaces `method.weights`.
    public var methodWeights: [Double]?
    /// Replaces `method.alphas`.
    public var alphas: [Double]?
    /// Replaces `method.probability`.
    public var probability: Double?
    /// Replaces `method.stop-epoch`.
    public var stopEpoch: Int?
    /// Replaces `loss`.
    public var loss: MixupLoss?
    /// Replaces `optimizer.name`; another one starts the section afresh.
    public var optimizer: Recipe.Optimizer.Name?
    /// Replaces `optimizer.learning-rate`.
    public var learningRate: Double?
    /// Replaces `optimizer.weight-decay`.
    public var weightDecay: Double?
    /// Replaces `optimizer.momentum`.
    public var momentum: Double?
    /// Replaces `optimizer.nesterov`.
    public var nesterov: Bool?
    /// Replaces `optimizer.beta1`.
    public var beta1: Double?
    /// Replaces `optimizer.beta2`.
    public var beta2: Double?
    /// Replaces `optimizer.epsilon`.
    public var epsilon: Double?
    /// Replaces `optimizer.clip-norm`.
    public var clipNorm: Double?
    /// Replaces `schedule.name`; another one starts the section afresh.
    public var schedule: Recipe.Schedule.Name?
    /// Replaces `schedule.milestones`.
    public var milestones: [Int]?
    /// Replaces `schedule.factor`.
    public var factor: Double?
    /// Replaces `schedule.warmup-epochs`.
    public var warmupEpochs: Int?
    /// Replaces `schedule.final-learning-rate`.
    public var finalLearningRate: Double?
    /// Replaces `training.epochs`.
    public var epochs: Int?
    /// Replaces `training.batch-size`.
    public var batchSize: Int?
    /// Replaces `training.seed`.
    public var seed: UInt64?
    /// Replaces `training.precision`.
    public var precision: Precision?
    /// Replaces `training.threads`.
    public var threads: Int?
    /// Replaces `training.checkpoint-every`.
    public var checkpointEvery: Int?
    /// Replaces `training.keep-epochs`.
    public var keepEpochs: Int?
    /// Replaces `training.evaluate-every`.
    public var evaluateEvery: Int?
    /// Replaces `training.ema-decay`.
    public var emaDecay: Double?
    /// Replaces `training.patience`.
    public var patience: Int?
    /// Replaces `training.max-time`.
    public var maxTime: TimeSpan?
    /// Replaces `training.channels-last`.
    public var channelsLast: Bool?
    /// Replaces `training.accumulate`.
    public var accumulate: Int?
    /// Replaces `training.sync-batch-norm`.
    public var syncBatchNorm: Bool?
    /// Replaces `training.engine`.
    public var engine: TrainingEngine?
    /// Replaces `training.device`.
    public var device: DeviceChoice?

    /// Overrides that change nothing.
    public init() {}
}

extension Recipe {
    /// The recipe as the overrides change it, by the rule of ``RecipeOverrides``.
    ///
    /// `source` names where the result comes from in messages.
    /// Throws ``RecipeError`` when the result is not a valid recipe.
    public func applying(
        _ overrides: RecipeOverrides,
        source: String = "recipe with the command line's flags"
    ) throws(RecipeError) -> Recipe {
        var recipe = self
        recipe.data.apply(overrides)
        recipe.augmentation.apply(overrides)
        recipe.loss = overrides.loss ?? recipe.loss
        recipe.model.apply(overrides)
        recipe.method.apply(overrides)
        recipe.optimizer.apply(overrides)
        recipe.schedule.apply(overrides)
        recipe.training.apply(overrides)
        try recipe.validate(source: source)
        return recipe
    }
}

extension Recipe.Data {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        source = overrides.dataSource ?? source
        directory = overrides.dataDirectory ?? directory
        perClass = overrides.perClass ?? perClass
        holdOut = overrides.holdOut ?? holdOut
        splitSeed = overrides.splitSeed ?? splitSeed
        workers = overrides.workers ?? workers
    }
}

extension Recipe.Augmentation {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        flip = overrides.flip ?? flip
        cropPadding = overrides.cropPadding ?? cropPadding
        cutout = overrides.cutout ?? cutout
    }
}

extension Recipe.Model {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        if let other = overrides.model, other != name { self = Self(name: other) }
        widths = overrides.widths ?? widths
        activation = overrides.activation ?? activation
        dropout = overrides.dropout ?? dropout
        batchNorm = overrides.batchNorm ?? batchNorm
        bottleneck = overrides.bottleneck ?? bottleneck
        width = overrides.width ?? width
        initialStride = overrides.initialStride ?? initialStride
        depth = overrides.depth ?? depth
        widenFactor = overrides.widenFactor ?? widenFactor
        variant = overrides.variant ?? variant
        initialWeights = overrides.initialWeights ?? initialWeights
    }
}

extension Recipe.Method {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        if let other = overrides.method, other != name { self = Self(name: other) }
        if let among = overrides.among {
            let usual = Self(name: name, among: among)
            (self.among, weights, alphas) = (among, usual.weights, usual.alphas)
        }
        weights = overrides.methodWeights ?? weights
        alphas = overrides.alphas ?? alphas
        alpha = overrides.alpha ?? alpha
        finalAlpha = overrides.finalAlpha ?? finalAlpha
        if let layers = overrides.layers {
            layerWeights = nil
            switch layers {
            case .all: self.layers = nil
            case .only(let layers): self.layers = layers
            }
        }
        layerWeights = overrides.layerWeights ?? layerWeights
        lambda = overrides.lambda ?? lambda
        fold = overrides.fold ?? fold
        partner = overrides.partner ?? partner
        blockGradients = overrides.blockGradients ?? blockGradients
        hole = overrides.hole ?? hole
        probability = overrides.probability ?? probability
        stopEpoch = overrides.stopEpoch ?? stopEpoch
    }
}

extension Recipe.Optimizer {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        if let other = overrides.optimizer, other != name { self = Self(name: other) }
        learningRate = overrides.learningRate ?? learningRate
        weightDecay = overrides.weightDecay ?? weightDecay
        momentum = overrides.momentum ?? momentum
        if overrides.momentum == 0 { nesterov = false }
        nesterov = overrides.nesterov ?? nesterov
        beta1 = overrides.beta1 ?? beta1
        beta2 = overrides.beta2 ?? beta2
        epsilon = overrides.epsilon ?? epsilon
        clipNorm = overrides.clipNorm ?? clipNorm
    }
}

extension Recipe.Schedule {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        if let other = overrides.schedule, other != name { self = Self(name: other) }
        milestones = overrides.milestones ?? milestones
        factor = overrides.factor ?? factor
        warmupEpochs = overrides.warmupEpochs ?? warmupEpochs
        finalLearningRate = overrides.finalLearningRate ?? finalLearningRate
    }
}

extension Recipe.Training {
    fileprivate mutating func apply(_ overrides: RecipeOverrides) {
        epochs = overrides.epochs ?? epochs
        batchSize = overrides.batchSize ?? batchSize
        seed = overrides.seed ?? seed
        precision = overrides.precision ?? precision
        threads = overrides.threads ?? threads
        checkpointEvery = overrides.checkpointEvery ?? checkpointEvery
        keepEpochs = overrides.keepEpochs ?? keepEpochs
        evaluateEvery = overrides.evaluateEvery ?? evaluateEvery
        emaDecay = overrides.emaDecay ?? emaDecay
        patience = overrides.patience ?? patience
        maxTime = overrides.maxTime ?? maxTime
        channelsLast = overrides.channelsLast ?? channelsLast
        accumulate = overrides.accumulate ?? accumulate
        syncBatchNorm = overrides.syncBatchNorm ?? syncBatchNorm
        engine = overrides.engine ?? engine
        device = overrides.device ?? device
    }
}
