import Foundation
import LibTorch
import ManifoldMixup
import MixupData

/// Trains a classifier, with or without mixup.
///
/// ```swift
/// let streams = try RandomStreams(seed: 1)
/// let settings = TrainingSettings(epochs: 20)
/// let trainer = try Trainer(
///     model, data: data, optimizer: SGD(model), settings: settings, streams: streams)
/// try trainer.run()
/// print(try model.evaluate(on: data.test))
/// ```
public final class Trainer {
    /// What is trained.
    public let model: any Classifier
    /// What it is trained and tested on.
    public let data: DataSplits
    /// What changes the weights.
    public let optimizer: any Optimizer
    /// The protocol, with the set S that it means for this model.
    public let settings: TrainingSettings
    /// Everything random; drawn on the CPU on every device.
    public let streams: RandomStreams
    /// Where it computes, which is where the model was when the trainer was made.
    public let device: Device
    /// The processes that train together.
    public let ranks: Ranks
    /// How far the training is.
    public internal(set) var position = TrainingPosition()
    /// The time that the training thread has waited for minibatches, or has made them itself.
    public private(set) var timeWaitingForData = Duration.zero
    /// The moving average of the weights, where the settings ask for one.
    public let average: WeightAverage?
    /// The epoch with the lowest error so far on the held-out examples, the first of equals. Without
    /// any it is chosen on the test set, as the paper did.
    public internal(set) var best: BestEpoch?

    /// Which engine computes the steps, and why, in a few words.
    public var engineSummary: String { engine.summary }

    private let engine: any StepEngine
    private let evaluator: any Evaluator
    private let baseLearningRate: Double
    private let division: EpochDivision
    /// The parts of each minibatch that are this rank's.
    private let ownParts: Range<Int>
    private var order: EpochOrder?
    private var loader: MinibatchLoader?

    /// Prepares a training; the learning rate of `optimizer` is the one that the schedule scales.
    ///
    /// It computes where the model is: `model.move(to: .cuda(0))` first, and then make the optimizer.
    ///
    /// With several ranks, each prepares the same training.
    ///
    /// - Throws: `TrainingError` if the settings ask for the fused engine, which does not cover the
    ///   training; `MixupError` if the method names a boundary that the model does not have or needs
    ///   images, or another setting cannot be; `DataError` if the training examples cannot be augmented
    ///   so; `TrainingError` if the last minibatch of an epoch has too few examples for all ranks.
    public init(
        _ model: any Classifier,
        data: DataSplits,
        optimizer: any Optimizer,
        settings: TrainingSettings,
        streams: RandomStreams,
        ranks: Ranks = Ranks()
    ) throws {
        self.model = model
        device = try model.device
        self.data = data
        self.optimizer = optimizer
        self.settings = try settings.resolved(for: model, inputShape: data.train.shape)
        try settings.augmentation.check(for: data.train)
        average = try settings.emaDecay.map { try WeightAverage(of: model, decay: $0) }
        self.streams = streams
        self.ranks = ranks
        ownParts = ranks.rank * settings.accumulate..<(ranks.rank + 1) * settings.accumulate
        division = try EpochDivision(
            exampleCount: data.train.count,
            batchSize: settings.batchSize,
            partCount: ranks.count * settings.accumulate
        )
        evaluator = try EngineChoice.evaluator(
            of: model,
            precision: settings.precision,
            engine: settings.engine
        )
        engine = try EngineChoice.stepEngine(
            model,
            optimizer: optimizer,
            settings: self.settings,
            partCount: division.partCount,
            ranks: ranks,
            evaluator: evaluator
        )
        baseLearningRate = optimizer.learningRate
    }

    /// The number of steps in an epoch; the last one may have fewer examples.
    public var batchesPerEpoch: Int { division.stepCount }

    /// The number of examples in the minibatch of a step, over all ranks.
    public var examplesPerStep: Int { division.stepSize }

    /// Whether the training ended before its last epoch, because there was no lower error for as many
    /// epochs as the settings' patience.
    public var hasStoppedEarly: Bool {
        guard let patience = settings.patience, let best, position.batch == 0,
            position.epoch < settings.epochs, isEvaluated(position.epoch)
        else { return false }
        return position.epoch - best.epoch >= patience
    }

    /// Trains to the end, or until `onStep` says to stop.
    ///
    /// - Parameters:
    ///   - onStep: called after every step; returns whether to go on.
    ///   - onEpoch: called after every epoch.
    /// - Returns: whether the training is complete.
    /// - Throws: `TrainingError` if the loss, the norm of a gradient to be clipped, or the weights are
    ///   not finite any more. Where it is one of the first two, the weights are still those of the step
    ///   before.
    @discardableResult
    public func run(
        onStep: (StepReport) throws -> Bool = { _ in true },
        onEpoch: (EpochReport) throws -> Void = { _ in }
    ) throws -> Bool {
        // Whoever stops leaves no threads behind; going on makes new ones.
        defer { loader = nil }
        while position.epoch < settings.epochs, !hasStoppedEarly {
            while position.batch < batchesPerEpoch {
                guard try onStep(step()) else { return false }
            }
            let report = try finishEpoch()
            try onEpoch(report)
        }
        return true
    }

    /// One step: a minibatch, its mix, the loss, the gradients, the new weights.
    ///
    /// The minibatch has one part, or several: this rank's and those of others.
    func step() throws -> StepReport {
        let rows = division.rows(ofStep: position.batch)
        let parts = ownParts.map { division.rows(ofStep: position.batch, part: $0) }
        let partStreams = try PartStreams(streams, step: position.step, count: division.partCount)
        // Every rank draws for the first part, so that the streams of all stay together.
        let firstDraw = try draw(
            count: division.rows(ofStep: position.batch, part: 0).count,
            from: streams
        )
        let ownCount = parts.reduce(0) { $0 + $1.count }
        var loss = 0.0
        try engine.beginStep()
        for (part, partRows) in zip(ownParts, parts) {
            let streams = try partStreams[part]
            let draw = try part == 0 ? firstDraw : draw(count: partRows.count, from: streams)
            // A second minibatch may come with every first one, but not every draw uses it.
            let count = partRows.count * (draw?.usesSecondMinibatch == true ? 2 : 1)
            loss += try engine.addLoss(
                of: TensorBatch(
                    try nextMinibatch(part: part - ownParts.lowerBound),
                    count: count,
                    classCount: data.train.classCount,
                    dtype: settings.precision.dtype,
                    device: device
                ),
                mixing: draw,
                dropoutGenerator: streams[.dropout],
                share: Double(partRows.count) / Double(ownCount)
            )
        }
        let value = try ranks.average(
            model,
            loss: loss,
            weight: Double(ownCount) / Double(rows.count)
        )
        guard value.isFinite else {
            throw TrainingError.lossNotFinite(epoch: position.epoch + 1, step: position.step + 1)
        }
        optimizer.learningRate = learningRate(ofBatch: position.batch)
        guard try engine.descend(clippingTo: settings.clipNorm) else {
            throw TrainingError.gradientNotFinite(step: position.step + 1)
        }
        try average?.update()
        position.advance(loss: value, examples: rows.count)
        return StepReport(
            position: position,
            loss: value,
            learningRate: optimizer.learningRate,
            method: firstDraw?.method ?? "none",
            layer: firstDraw?.layer,
            lambda: firstDraw.flatMap(\.meanLambda)
        )
    }

    private func draw(count: Int, from streams: RandomStreams) throws -> (any MinibatchDraw)? {
        try settings.mixup?.draw(
            batchSize: count,
            inputShape: data.train.shape,
            progress: MixingProgress(epoch: position.epoch, of: settings.epochs),
            streams: streams
        )
    }

    /// The learning rate of a step of the present epoch.
    private func learningRate(ofBatch batch: Int) -> Double {
        settings.schedule.learningRate(
            at: Double(position.epoch) + Double(batch) / Double(batchesPerEpoch),
            of: settings.epochs,
            base: baseLearningRate
        )
    }

    /// Makes sure that the last step did not blow the weights up, which the next loss would show.
    func requireFiniteWeights() throws {
        try withoutGradients {
            for parameter in model.parameters() where try !parameter.sum().item().isFinite {
                throw TrainingError.weightsNotFinite(step: position.step)
            }
        }
    }

    private func finishEpoch() throws -> EpochReport {
        try requireFiniteWeights()
        let trainingLoss = position.lossSum / Double(max(position.exampleCount, 1))
        let lastLearningRate = learningRate(ofBatch: batchesPerEpoch - 1)
        startNextEpoch()
        let isDue = isEvaluated(position.epoch)
        let report = EpochReport(
            epoch: position.epoch,
            step: position.step,
            trainingLoss: trainingLoss,
            learningRate: lastLearningRate,
            validation: isDue ? try data.validation.map(evaluate(on:)) : nil,
            test: isDue ? try evaluate(on: data.test) : nil
        )
        if let result = report.selection, result.error < best?.error ?? .infinity {
            best = BestEpoch(
                epoch: report.epoch,
                error: result.error,
                negativeLogLikelihood: result.negativeLogLikelihood
            )
        }
        return report
    }

    /// Evaluates the model as it is now, with the averaged weights where the settings ask for them.
    ///
    /// - Throws: `TorchError` if the examples do not fit the model.
    public func evaluate(on dataset: Dataset) throws -> Evaluation {
        func result() throws -> Evaluation {
            try Evaluation(
                on: dataset,
                batchSize: 100,
                dtype: settings.precision.dtype,
                ranks: ranks,
                evaluator: evaluator
            )
        }
        return try average?.inUse(result) ?? result()
    }

    /// Whether an evaluation is due after so many epochs.
    private func isEvaluated(_ epoch: Int) -> Bool {
        epoch.isMultiple(of: settings.evaluateEvery) || epoch == settings.epochs
    }

    /// Leaves the epoch that is done.
    func startNextEpoch() {
        position.finishEpoch()
        order = nil
        loader = nil
    }

    /// One of this rank's parts of the next minibatch; with separate partners, both minibatches one
    /// after the other.
    private func nextMinibatch(part: Int) throws -> Minibatch {
        let start = ContinuousClock.now
        let number = position.batch * ownParts.count + part
        guard let minibatch = try currentLoader(number).next() else {
            throw DataError.emptyMinibatch(dataset: data.train.name)
        }
        timeWaitingForData += ContinuousClock.now - start
        return minibatch
    }

    /// This rank's parts of the minibatches of the present epoch, from one of them on.
    private func currentLoader(_ number: Int) throws -> MinibatchLoader {
        if let loader, loader.nextNumber == number { return loader }
        let order = try currentOrder()
        let plan = try MinibatchPlan(
            data.train,
            examples: order.examples,
            partners: order.partners,
            parts: (0..<batchesPerEpoch).flatMap { step in
                ownParts.map { division.rows(ofStep: step, part: $0) }
            },
            augmentation: EpochAugmentation(
                settings.augmentation,
                key: streams.key(of: .augmentation),
                epoch: position.epoch
            )
        )
        // What is only copied is there sooner than another thread could hand it over, and the threads
        // that compute need all cores.
        let isCopy = settings.augmentation.isIdentity && device == .cpu
        let made = MinibatchLoader(plan, from: number, workers: isCopy ? 0 : settings.workers)
        loader = made
        return made
    }

    /// The order of the present epoch, drawn once at its start.
    ///
    /// The states of the streams before that are kept, so that an interrupted epoch can be entered
    /// again in the middle.
    private func currentOrder() throws -> EpochOrder {
        if let order { return order }
        let separate = settings.mixup?.usesSecondMinibatch == true
        let drawn = try EpochOrder(count: data.train.count, separate: separate, streams: streams)
        order = drawn
        return drawn
    }

    /// The states of all streams from which a resumed training goes on exactly.
    func resumableStreamState() throws -> [(name: String, tensor: Tensor)] {
        var states = try streams.state()
        for (name, state) in order?.statesBefore ?? [] {
            states = states.map { $0.name == name ? (name, state) : $0 }
        }
        return states
    }

    /// Enters a training at a point where another one stood.
    func resume(at position: TrainingPosition, streams states: [String: Tensor]) throws {
        try streams.restore(states)
        self.position = position
        order = nil
        loader = nil
        // In the middle of an epoch the order was drawn already: draw it again from the state before.
        if position.batch > 0 { _ = try currentOrder() }
    }
}
