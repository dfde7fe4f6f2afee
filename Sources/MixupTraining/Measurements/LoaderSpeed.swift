import LibTorch
import MixupData

/// How fast minibatches of augmented images are made, without a network.
public struct LoaderSpeed: Sendable, Codable {
    /// The number of threads that made them; 0 for the one that took them.
    public let workers: Int
    /// The median over the rounds.
    public let imagesPerSecond: Double
    /// The first and the third quartile of the rounds.
    public let quartiles: [Double]

    enum CodingKeys: String, CodingKey {
        case workers
        case imagesPerSecond = "images_per_second"
        case quartiles
    }

    /// Goes through random images of CIFAR's size, flipped, cropped with a padding of 4 pixels and
    /// normalised, until they are tensors.
    ///
    /// - Parameters:
    ///   - workers: the numbers of threads to measure, in alternation.
    ///   - imageCount: the number of images in a round.
    ///   - batchSize: the number of images in a minibatch.
    ///   - rounds: the number of rounds of each, after one to warm up.
    /// - Returns: one measurement for each of `workers`.
    public static func measure(
        workers: [Int],
        imageCount: Int,
        batchSize: Int,
        rounds: Int
    ) throws -> [LoaderSpeed] {
        let dataset = try syntheticImages(count: imageCount, shape: [3, 32, 32])
        var random = SplitMix64(seed: 2)
        var rates = workers.map { _ in [Double]() }
        for round in 0...rounds {
            for (index, count) in workers.enumerated() {
                let plan = try MinibatchPlan(
                    dataset,
                    examples: random.permutation(of: imageCount),
                    batchSize: batchSize,
                    augmentation: EpochAugmentation(
                        Augmentation(flip: true, cropPadding: 4),
                        key: 1,
                        epoch: round
                    )
                )
                let time = try ContinuousClock().measure {
                    let loader = MinibatchLoader(plan, workers: count)
                    while let minibatch = try loader.next() {
                        let batch = TensorBatch(minibatch, classCount: 10, dtype: .float32)
                        _ = try (batch.input(), batch.targets())
                    }
                }
                if round > 0 { rates[index].append(Double(imageCount) / (time / .seconds(1))) }
            }
        }
        return zip(workers, rates).map { workers, rates in
            LoaderSpeed(
                workers: workers,
                imagesPerSecond: quantile(rates, 0.5),
                quartiles: [quantile(rates, 0.25), quantile(rates, 0.75)]
            )
        }
    }
}
