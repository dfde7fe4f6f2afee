import LibTorch
import ManifoldMixup
import MixupData

/// The protocol of a training.
public struct TrainingSettings: Sendable {
    /// The number of times that every example is seen.
    public var epochs: Int
    /// The number of examples in a minibatch of one process; the last of an epoch may be smaller, and
    /// is kept.
    public var batchSize: Int
    /// How minibatches are mixed; `nil` for not at all.
    public var mixup: (any MixingMethod)?
    /// What falls.
    public var loss: MixupLoss
    /// How the learning rate changes.
    public var schedule: Schedule
    /// How training images are changed at random.
    public var augmentation: Augmentation
    /// The number of threads that prepare minibatches ahead, where that pays: on a CPU, of images that
    /// are changed at random. The result is the same with any number.
    public var workers: Int
    /// The arithmetic.
    public var precision: Precision
    /// The number of epochs from one evaluation on the test set to the next; the last is always
    /// evaluated.
    public var evaluateEvery: Int
    /// The largest norm of the whole gradient, above 0; a longer one is shortened to it. `nil` for as
    /// it is.
    public var clipNorm: Double?
    /// The decay of a moving average of the weights, in 0 ..< 1, on which evaluations then take place;
    /// `nil` for none.
    public var emaDecay: Double?
    /// The number of epochs without a lower error after which the training ends; `nil` for never.
    public var patience: Int?
    /// Whether convolutions compute with the channels next to each other in memory; the fused engine
    /// has an order of its own.
    public var channelsLast: Bool
    /// The number of minibatches whose gradients a process adds up for one step, 1 to 1,000,000.
    public var accumulate: Int
    /// Whether batch normalisation takes its statistics over the minibatches of all ranks together,
    /// rather than over each one's own.
    public var syncBatchNorm: Bool
    /// Which code computes the steps.
    public var engine: TrainingEngine

    /// Creates a protocol.
    public init(
        epochs: Int,
        batchSize: Int = 100,
        mixup: (any MixingMethod)? = nil,
        loss: MixupLoss = .softCrossEntropy,
        schedule: Schedule = Schedule(.cosine(final: 0)),
        precision: Precision = .float32,
        evaluateEvery: Int = 1,
        augmentation: Augmentation = Augmentation(),
        workers: Int = 1,
        clipNorm: Double? = nil,
        emaDecay: Double? = nil,
        patience: Int? = nil,
        channelsLast: Bool = false,
        accumulate: Int = 1,
        syncBatchNorm: Bool = false,
        engine: TrainingEngine = .auto
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.mixup = mixup
        self.loss = loss
        self.schedule = schedule
        self.precision = precision
        self.evaluateEvery = evaluateEvery
        self.augmentation = augmentation
        self.workers = workers
        self.clipNorm = clipNorm
        self.emaDecay = emaDecay
        self.patience = patience
        self.channelsLast = channelsLast
        self.accumulate = accumulate
        self.syncBatchNorm = syncBatchNorm
        self.engine = engine
    }

    /// The protocol with what its method means for one model and its examples.
    func resolved(for model: any Classifier, inputShape: [Int]) throws -> TrainingSettings {
        guard epochs >= 1, batchSize >= 1, evaluateEvery >= 1 else {
            throw MixupError(
                "epochs, batch size and the evaluation interval must be 1 or more, not \(epochs), "
                    + "\(batchSize) and \(evaluateEvery)"
            )
        }
        guard (1...1_000_000).contains(accumulate) else {
            throw MixupError(
                "the gradients of 1 to 1000000 minibatches are added up for a step, not of "
                    + "\(accumulate)"
            )
        }
        if let clipNorm, !(clipNorm > 0) {
            throw MixupError("gradients are clipped to a norm above 0, not to \(clipNorm)")
        }
        if let emaDecay, !(0..<1).contains(emaDecay) {
            throw MixupError("the decay of averaged weights must be in 0 ..< 1, not \(emaDecay)")
        }
        if let patience, patience < 1 {
            throw MixupError("the patience must be 1 epoch or more, not \(patience)")
        }
        var resolved = self
        resolved.mixup = try mixup?.resolved(for: model, inputShape: inputShape)
        return resolved
    }
}

/// How far a training is, and the sums of the epoch that it is in.
public struct TrainingPosition: Sendable, Equatable, Codable {
    /// The number of complete epochs.
    public private(set) var epoch = 0
    /// The number of steps in the present epoch.
    public private(set) var batch = 0
    /// The number of steps in all.
    public private(set) var step = 0
    /// The losses of the present epoch, each times its number of examples.
    private(set) var lossSum = 0.0
    /// The number of examples seen in the present epoch.
    public private(set) var exampleCount = 0

    mutating func advance(loss: Double, examples: Int) {
        batch += 1
        step += 1
        lossSum += loss * Double(examples)
        exampleCount += examples
    }

    mutating func finishEpoch() {
        epoch += 1
        batch = 0
        lossSum = 0
        exampleCount = 0
    }
}

/// What happened in one step.
public struct StepReport: Sendable {
    /// How far the training is after the step.
    public let position: TrainingPosition
    /// The loss on the minibatch, mixed if the method mixes.
    public let loss: Double
    /// The learning rate of the step.
    public let learningRate: Double
    /// The method that was applied to the minibatch; "none" if it stayed as it was.
    public let method: String
    /// The boundary k that was mixed.
    public let layer: Int?
    /// The λ of the minibatch, or the mean of the examples' λ; `nil` where targets stay as they are.
    public let lambda: Double?
}

/// What happened in one epoch.
public struct EpochReport: Sendable {
    /// The number of complete epochs.
    public let epoch: Int
    /// The number of steps in all.
    public let step: Int
    /// The mean loss over the epoch's minibatches, mixed if the method mixes.
    public let trainingLoss: Double
    /// The learning rate of the last step.
    public let learningRate: Double
    /// The result on the held-out examples, not mixed, where it was due and there are some; as that on
    /// the test set, of the averaged weights where the settings ask for an average.
    public let validation: Evaluation?
    /// The result on the test set, not mixed, where it was due.
    public let test: Evaluation?
}
