import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

// From what a recipe says to the objects that it means.
extension Recipe {
    /// Loads the data set.
    public func loadData() throws -> DataSplits {
        try DataSource.load(data.source, dataDirectory: data.directory)
    }

    /// Builds the network for examples like those of `dataset`, with its first weights.
    public func makeModel(for dataset: Dataset, streams: RandomStreams) throws -> MLP {
        try MLP(
            inputShape: dataset.shape,
            widths: model.widths,
            classCount: dataset.classCount,
            activation: model.activation,
            dropout: model.dropout,
            batchNorm: model.batchNorm,
            generator: streams[.initialization],
            dtype: training.precision.dtype
        )
    }

    /// The method's settings; `nil` for training without mixup.
    public func makeMixup() throws -> Mixup? {
        guard method.name != .noMixup else { return nil }
        let layers = method.name == .inputMixup ? [0] : method.layers
        return try Mixup(
            alpha: method.alpha,
            eligibleLayers: layers.map { try EligibleLayers($0, weights: method.layerWeights) },
            lambdaScope: method.lambda,
            isFolded: method.fold,
            partner: method.partner
        )
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
            clipNorm: optimizer.clipNorm,
            emaDecay: training.emaDecay,
            patience: training.patience,
            channelsLast: training.channelsLast
        )
    }

    /// Everything at once: a training that is ready to run.
    ///
    /// - Parameter data: the data set, where it is loaded already.
    public func makeTrainer(data: DataSplits) throws -> Trainer {
        if let threads = training.threads {
            try LibTorchRuntime.setThreadCount(threads)
        }
        guard !model.batchNorm || data.train.count % training.batchSize != 1 else {
            throw TrainingError.impossible(
                "the last minibatch of \(data.train.count) examples in minibatches of "
                    + "\(training.batchSize) has a single one, which batch normalisation cannot take; "
                    + "choose another training.batch-size"
            )
        }
        let streams = try RandomStreams(seed: training.seed)
        let model = try makeModel(for: data.train, streams: streams)
        return try Trainer(
            model,
            data: data,
            optimizer: makeOptimizer(for: model),
            settings: makeSettings(),
            streams: streams
        )
    }
}
