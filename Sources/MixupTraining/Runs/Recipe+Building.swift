import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

// From what a recipe says to the objects that it means.
extension Recipe {
    /// Loads the data set, or the part of it that the recipe asks for.
    public func loadData() throws -> DataSplits {
        var splits = try DataSource.load(data.source, dataDirectory: data.directory)
        if let perClass = data.perClass {
            splits = try splits.limited(perClass: perClass, seed: data.splitSeed)
        }
        if data.holdOut > 0 {
            splits = try splits.holdingOut(data.holdOut, seed: data.splitSeed)
        }
        return splits
    }

    /// How training images are changed at random.
    func makeAugmentation() -> MixupData.Augmentation {
        MixupData.Augmentation(
            flip: augmentation.flip,
            cropPadding: augmentation.cropPadding,
            cutout: augmentation.cutout
        )
    }

    /// Builds the network for examples like those of `dataset`, with its first weights.
    ///
    /// Throws `TrainingError` where the network needs images and the data has none.
    public func makeModel(
        for dataset: Dataset,
        streams: RandomStreams
    ) throws -> any DescribedClassifier {
        try makeModel(
            inputShape: dataset.shape,
            classCount: dataset.classCount,
            generator: streams[.initialization]
        )
    }

    /// Builds the network for inputs of a shape, [C, H, W] or [D], with its first weights.
    ///
    /// Throws `TrainingError` where the network needs images and the shape is none.
    public func makeModel(
        inputShape: [Int],
        classCount: Int,
        generator: Generator
    ) throws -> any DescribedClassifier {
        guard model.name == .mlp || inputShape.count == 3 else {
            throw TrainingError.impossible(
                "model.name: \(model.name.rawValue) needs images [C, H, W], but an example has the "
                    + "shape \(inputShape); choose mlp or other data"
            )
        }
        if let depth = model.name.preActResNetDepth {
            return try PreActResNet(
                depth,
                inputShape: inputShape,
                classCount: classCount,
                width: model.width,
                initialStride: model.initialStride,
                hasFinalNorm: model.variant == .textbook,
                generator: generator,
                dtype: training.precision.dtype
            )
        }
        if model.name == .wideResNet {
            return try WideResNet(
                depth: model.depth,
                widenFactor: model.widenFactor,
                inputShape: inputShape,
                classCount: classCount,
                isTextbook: model.variant == .textbook,
                generator: generator,
                dtype: training.precision.dtype
            )
        }
        return try MLP(
            inputShape: inputShape,
            widths: model.widths,
            classCount: classCount,
            activation: model.activation,
            dropout: model.dropout,
            batchNorm: model.batchNorm,
            bottleneck: model.bottleneck,
            generator: generator,
            dtype: training.precision.dtype
        )
    }

    /// Puts the weights that the recipe begins with, if it names any, into a training that has not begun.
    ///
    /// Where they are those of a run that keeps averaged weights, these are taken.
    func loadInitialWeights(into trainer: Trainer) throws {
        guard let path = model.initialWeights else { return }
        let kind = "the \(model.summary) for \(trainer.data.train.name)"
        try WeightsFile.find(path).load(into: trainer.model, named: kind)
        let weights = trainer.model.stateDictionary().map { ($0.name, $0.tensor) }
        try trainer.average?.load(Dictionary(weights, uniquingKeysWith: { first, _ in first }))
    }

    /// The method's settings; `nil` for training without mixup.
    public func makeMixup() throws -> (any MixingMethod)? {
        try method.makeMixing()
    }

    /// The optimizer of a network's parameters.
    public func makeOptimizer(for model: any Classifier) throws -> any LibTorch.Optimizer {
        switch optimizer.name {
        case .sgd:
            return try SGD(
                model,
                learningRate: optimizer.learningRate,
                momentum: optimizer.momentum,
                nesterov: optimizer.nesterov,
                weightDecay: optimizer.weightDecay
            )
        case .adam, .adamw:
            return try Adam(
                model,
                learningRate: optimizer.learningRate,
                beta1: optimizer.beta1,
                beta2: optimizer.beta2,
                epsilon: optimizer.epsilon,
                weightDecay: optimizer.weightDecay,
                decoupled: optimizer.name == .adamw
            )
        }
    }

    /// The learning rate's course.
    public func makeSchedule() -> LibTorch.Schedule {
        let shape: LibTorch.Schedule.Shape =
            switch schedule.name {
            case .constant: .constant
            case .multiStep:
                .multiStep(milestones: schedule.milestones, factor: schedule.factor)
            case .cosine: .cosine(final: schedule.finalLearningRate)
            case .linear: .linear(final: schedule.finalLearningRate)
            }
        return LibTorch.Schedule(shape, warmupEpochs: Double(schedule.warmupEpochs))
    }

    /// The whole protocol.
    public func makeSettings() throws -> TrainingSettings {
        TrainingSettings(
            epochs: training.epochs,
            batchSize: training.batchSize,
            mixup: try makeMixup(),
            loss: loss,
            schedule: makeSchedule(),
            precision: training.precision,
            evaluateEvery: training.evaluateEvery,
            augmentation: makeAugmentation(),
            workers: data.workers,
            clipNorm: optimizer.clipNorm,
            emaDecay: training.emaDecay,
            patience: training.patience,
            channelsLast: training.channelsLast,
            accumulate: training.accumulate,
            syncBatchNorm: training.syncBatchNorm,
            engine: training.engine
        )
    }

    /// Everything at once: a training that is ready to run.
    ///
    /// - Parameters:
    ///   - data: the data set, loaded.
    ///   - ranks: the processes that train together; each makes the same trainer.
    public func makeTrainer(data: DataSplits, ranks: Ranks = Ranks()) throws -> Trainer {
        if let threads = training.threads {
            try LibTorchRuntime.setThreadCount(threads)
        }
        let streams = try RandomStreams(seed: training.seed)
        // The first weights are drawn on the CPU, and are the same on every device.
        let device = try training.device.device(for: training.engine, ranks: ranks)
        let model = try makeModel(for: data.train, streams: streams)
        try model.move(to: device)
        let partCount = ranks.count * training.accumulate
        let division = try EpochDivision(
            exampleCount: data.train.count,
            batchSize: training.batchSize,
            partCount: partCount
        )
        let hasSingleRow =
            division.smallestPart == 1 && !(training.syncBatchNorm && ranks.count > 1)
        guard try !hasSingleRow || model.trainsOnSingleRows() else {
            let size = "\(partCount == 1 ? "" : "\(partCount) × ")\(training.batchSize)"
            throw TrainingError.impossible(
                "the last minibatch of \(data.train.count) examples in minibatches of "
                    + "\(size) has a single one, which batch normalisation cannot take; "
                    + "choose another training.batch-size"
            )
        }
        return try Trainer(
            model,
            data: data,
            optimizer: makeOptimizer(for: model),
            settings: makeSettings(),
            streams: streams,
            ranks: ranks
        )
    }
}
