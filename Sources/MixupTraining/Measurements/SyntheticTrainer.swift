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

/// Random images of ten classes.
func syntheticImages(count: Int, shape: [Int]) throws -> Dataset {
    var random = SplitMix64(seed: 1)
    let size = count * shape.reduce(1, *)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size + 8)
    while pixels.count < size {
        var bits = random.next()
        for _ in 0..<8 {
            pixels.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }
    return try Dataset(
        name: "random",
        shape: shape,
        classNames: (0..<10).map(String.init),
        labels: (0..<count).map { _ in Int.random(in: 0..<10, using: &random) },
        features: .bytes(Array(pixels.prefix(size))),
        normalization: Normalization(scale: 255, mean: [0.5], standardDeviation: [0.3])
    )
}

/// A training that never ends, on random images of MNIST's size.
func syntheticTrainer(widths: [Int], batchSize: Int, mixup: Mixup?) throws -> Trainer {
    let dataset = try syntheticImages(count: 10 * batchSize, shape: [1, 28, 28])
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
