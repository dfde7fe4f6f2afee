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
            engine: training.engine
        )
    }

    /// Everything at once: a training that is ready to run.
    ///
    /// - Parameter data: the data set, where it is loaded already.
    public func makeTrainer(data: DataSplits) throws -> Trainer {
        if let threads = training.threads {
            try LibTorchRuntime.setThreadCount(threads)
        }
        let streams = try RandomStreams(seed: training.seed)
        let model = try makeModel(for: data.train, streams: streams)
        let hasSingleRow = training.batchSize == 1 || data.train.count % training.batchSize == 1
        guard try !hasSingleRow || model.trainsOnSingleRows() else {
            throw TrainingError.impossible(
                "the last minibatch of \(data.train.count) examples in minibatches of "
                    + "\(training.batchSize) has a single one, which batch normalisation cannot take; "
                    + "choose another training.batch-size"
            )
        }
        return try Trainer(
            model,
            data: data,
            optimizer: makeOptimizer(for: model),
            settings: makeSettings(),
            streams: streams
        )
    }
}
