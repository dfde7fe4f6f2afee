import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

extension Trainer {
    /// One step, without an end to the training and without evaluations.
    func stepForever() throws {
        if position.batch == batchesPerEpoch { startNextEpoch() }
        _ = try step()
    }
}

/// A training that never ends, on random images of MNIST's size.
func syntheticTrainer(widths: [Int], batchSize: Int, mixup: Mixup?) throws -> Trainer {
    var random = SplitMix64(seed: 1)
    let count = 10 * batchSize
    let dataset = try Dataset(
        name: "random",
        shape: [1, 28, 28],
        classNames: (0..<10).map(String.init),
        labels: (0..<count).map { _ in Int.random(in: 0..<10, using: &random) },
        features: .bytes((0..<count * 784).map { _ in UInt8.random(in: 0...255, using: &random) }),
        normalization: Normalization(scale: 255, mean: [0.5], standardDeviation: [0.3])
    )
    let streams = try RandomStreams(seed: 1)
    let model = try MLP(
        inputShape: dataset.shape,
        widths: widths,
        classCount: 10,
        generator: streams[.initialization]
    )
    return try Trainer(
        model,
        data: DataSplits(train: dataset, test: dataset),
        optimizer: SGD(model, learningRate: 0.01),
        settings: TrainingSettings(epochs: .max, batchSize: batchSize, mixup: mixup),
        streams: streams
    )
}
