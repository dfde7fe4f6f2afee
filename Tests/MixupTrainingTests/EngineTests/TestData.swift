import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

@testable import MixupTraining

/// Small data sets and trainings whose results are known or quick.
enum TestData {
    /// `count` rows of `classes` classes, each around a centre of its own; of the shape [features]
    /// unless another one is given.
    static func blobs(
        count: Int,
        features: Int = 4,
        shape: [Int]? = nil,
        classes: Int = 3,
        seed: UInt64 = 1
    ) throws -> Dataset {
        let shape = shape ?? [features]
        let features = shape.reduce(1, *)
        var random = SplitMix64(seed: seed)
        let labels = (0..<count).map { $0 % classes }
        let values = labels.flatMap { label in
            (0..<features).map { feature in
                Float(feature % classes == label ? 1 : 0)
                    + Float.random(in: -0.6...0.6, using: &random)
            }
        }
        return try Dataset(
            name: "blobs",
            shape: shape,
            classNames: (0..<classes).map(String.init),
            labels: labels,
            features: .floats(values),
            normalization: Normalization()
        )
    }

    static func trainer(
        mixup: (any MixingMethod)? = nil,
        count: Int = 23,
        shape: [Int]? = nil,
        batchSize: Int = 5,
        epochs: Int = 4,
        dropout: Double = 0,
        batchNorm: Bool = false,
        learningRate: Double = 0.1,
        loss: MixupLoss = .softCrossEntropy,
        precision: Precision = .float32,
        evaluateEvery: Int = 1,
        clipNorm: Double? = nil,
        emaDecay: Double? = nil,
        patience: Int? = nil,
        engine: TrainingEngine = .auto,
        device: Device = .cpu,
        seed: UInt64 = 1
    ) throws -> Trainer {
        let data = try DataSplits(
            train: blobs(count: count, shape: shape),
            test: blobs(count: 12, shape: shape, seed: 2)
        )
        let streams = try RandomStreams(seed: seed)
        let model = try MLP(
            inputShape: data.train.shape,
            widths: [7, 6],
            classCount: 3,
            dropout: dropout,
            batchNorm: batchNorm,
            generator: streams[.initialization],
            dtype: precision.dtype
        )
        try model.move(to: device)
        return try Trainer(
            model,
            data: data,
            optimizer: SGD(model, learningRate: learningRate),
            settings: TrainingSettings(
                epochs: epochs,
                batchSize: batchSize,
                mixup: mixup,
                loss: loss,
                precision: precision,
                evaluateEvery: evaluateEvery,
                clipNorm: clipNorm,
                emaDecay: emaDecay,
                patience: patience,
                engine: engine
            ),
            streams: streams
        )
    }

    /// `count` images [3, 8, 8] of `classes` classes, each with a brightness of its own.
    static func images(count: Int, classes: Int = 3, seed: UInt64 = 1) throws -> Dataset {
        var random = SplitMix64(seed: seed)
        let labels = (0..<count).map { $0 % classes }
        let values = labels.flatMap { label in
            (0..<192).map { _ in Float(label) + Float.random(in: -2...2, using: &random) }
        }
        return try Dataset(
            name: "images",
            shape: [3, 8, 8],
            classNames: (0..<classes).map(String.init),
            labels: labels,
            features: .floats(values),
            normalization: Normalization()
        )
    }

    /// A training of a small residual network on images.
    static func imageTrainer(
        epochs: Int = 2,
        precision: Precision = .float32,
        clipNorm: Double? = nil,
        emaDecay: Double? = nil,
        channelsLast: Bool = false,
        engine: TrainingEngine = .auto
    ) throws -> Trainer {
        let data = try DataSplits(train: images(count: 22), test: images(count: 12, seed: 2))
        let streams = try RandomStreams(seed: 1)
        let model = try PreActResNet(
            .eighteen,
            inputShape: data.train.shape,
            classCount: data.train.classCount,
            width: 2,
            generator: streams[.initialization],
            dtype: precision.dtype
        )
        return try Trainer(
            model,
            data: data,
            optimizer: SGD(model, learningRate: 0.05),
            settings: TrainingSettings(
                epochs: epochs,
                batchSize: 6,
                mixup: .manifoldMixup(layers: [0, 1, 2]),
                precision: precision,
                clipNorm: clipNorm,
                emaDecay: emaDecay,
                channelsLast: channelsLast,
                engine: engine
            ),
            streams: streams
        )
    }
}

extension TestData {
    /// Images [1, 6, 6] of three classes, each with a bright row of its own among noise.
    static func images(count: Int, seed: UInt64 = 1) throws -> Dataset {
        var random = SplitMix64(seed: seed)
        let labels = (0..<count).map { $0 % 3 }
        let pixels = labels.flatMap { label in
            (0..<36).map { position in
                UInt8.random(in: position / 12 == label ? 120...255 : 1...120, using: &random)
            }
        }
        return try Dataset(
            name: "images",
            shape: [1, 6, 6],
            classNames: ["top", "middle", "bottom"],
            labels: labels,
            features: .bytes(pixels),
            normalization: Normalization(scale: 255, mean: [0.5], standardDeviation: [0.25])
        )
    }

    /// A training on images that are flipped, cropped and blotted.
    static func augmentedTrainer(
        augmentation: Augmentation = Augmentation(flip: true, cropPadding: 1, cutout: 2),
        workers: Int = 1,
        seed: UInt64 = 1
    ) throws -> Trainer {
        let data = try DataSplits(train: images(count: 32), test: images(count: 12, seed: 2))
        let streams = try RandomStreams(seed: seed)
        let model = try MLP(
            inputShape: data.train.shape,
            widths: [7],
            classCount: 3,
            generator: streams[.initialization]
        )
        return try Trainer(
            model,
            data: data,
            optimizer: SGD(model),
            settings: TrainingSettings(
                epochs: 3,
                batchSize: 5,
                mixup: Mixup(alpha: 1, eligibleLayers: nil, partner: .separate),
                augmentation: augmentation,
                workers: workers
            ),
            streams: streams
        )
    }
}

extension Trainer {
    /// The bytes of all weights.
    func weightBytes() throws -> [UInt8] {
        let tensors = model.stateDictionary().map { ($0.name, $0.tensor) }
        return [UInt8](try Safetensors(tensors: tensors).encoded())
    }

    /// Trains to the end: the losses of all steps, and the draws.
    func course() throws -> (losses: [Double], draws: [String]) {
        var (losses, draws): ([Double], [String]) = ([], [])
        try run(onStep: { report in
            losses.append(report.loss)
            draws.append("\(report.layer ?? -1) \(report.lambda ?? -1)")
            return true
        })
        return (losses, draws)
    }
}

/// Of numbers at the same places, relative to those above 1.
func largestDifference(_ first: [Double], _ second: [Double]) -> Double {
    guard first.count == second.count else { return .infinity }
    return zip(first, second).map { abs($0 - $1) / max(abs($0), 1) }.max() ?? 0
}
