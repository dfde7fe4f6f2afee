import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

/// How long a training of a PreActResNet-18 waits for its minibatches.
public struct DataWait: Sendable, Codable {
    /// The number of threads that made them; 0 for the training's own.
    public let workers: Int
    /// The number of steps.
    public let steps: Int
    /// The mean time of a step, in milliseconds.
    public let stepMilliseconds: Double
    /// The share of that time in which the training waited for its minibatch or made it, in 0...1.
    public let waitingShare: Double

    enum CodingKeys: String, CodingKey {
        case workers, steps
        case stepMilliseconds = "step_ms"
        case waitingShare = "waiting_share"
    }

    /// Trains on random images of CIFAR's size, flipped and cropped with a padding of 4 pixels.
    ///
    /// - Parameters:
    ///   - workers: the numbers of threads to measure, one after the other.
    ///   - batchSize: the number of images in a minibatch.
    ///   - steps: the number of steps of each, after one to warm up.
    /// - Returns: one measurement for each of `workers`.
    public static func measure(workers: [Int], batchSize: Int, steps: Int) throws -> [DataWait] {
        let dataset = try syntheticImages(count: (steps + 1) * batchSize, shape: [3, 32, 32])
        return try workers.map { workers in
            let streams = try RandomStreams(seed: 1)
            let model = try PreActResNet(
                .eighteen,
                inputShape: dataset.shape,
                classCount: dataset.classCount,
                generator: streams[.initialization]
            )
            let trainer = try Trainer(
                model,
                data: DataSplits(train: dataset, test: dataset),
                optimizer: SGD(model, learningRate: 0.01),
                settings: TrainingSettings(
                    epochs: .max,
                    batchSize: batchSize,
                    mixup: .manifoldMixup(),
                    augmentation: Augmentation(flip: true, cropPadding: 4),
                    workers: workers
                ),
                streams: streams
            )
            try trainer.stepForever()
            let before = trainer.timeWaitingForData
            let time = try ContinuousClock().measure {
                for _ in 0..<steps { try trainer.stepForever() }
            }
            return DataWait(
                workers: workers,
                steps: steps,
                stepMilliseconds: time / .milliseconds(steps),
                waitingShare: (trainer.timeWaitingForData - before) / time
            )
        }
    }
}
