import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

/// What a step with Manifold Mixup costs beside the same step without, measured in alternation.
public struct StepCost: Sendable, Codable {
    /// The number of pairs of steps.
    public let rounds: Int
    /// The median time of a step without mixup, in milliseconds.
    public let plainMilliseconds: Double
    /// The median time of a step with Manifold Mixup, in milliseconds.
    public let mixedMilliseconds: Double
    /// The median of the rounds' ratios, with over without.
    public let medianRatio: Double
    /// The first and the third quartile of the rounds' ratios.
    public let ratioQuartiles: [Double]

    enum CodingKeys: String, CodingKey {
        case rounds
        case plainMilliseconds = "plain_ms"
        case mixedMilliseconds = "mixed_ms"
        case medianRatio = "ratio_median"
        case ratioQuartiles = "ratio_quartiles"
    }

    /// Measures on random images of MNIST's size.
    ///
    /// - Parameters:
    ///   - widths: of the hidden layers; each has a mixing site, and the input is a boundary too.
    ///   - rounds: pairs of steps, after a tenth as many to warm up.
    public static func measure(widths: [Int], batchSize: Int, rounds: Int) throws -> StepCost {
        let plain = try syntheticTrainer(widths: widths, batchSize: batchSize, mixup: nil)
        let mixed = try syntheticTrainer(
            widths: widths,
            batchSize: batchSize,
            mixup: .manifoldMixup()
        )
        let clock = ContinuousClock()
        func milliseconds(_ trainer: Trainer) throws -> Double {
            try clock.measure { try trainer.stepForever() } / .milliseconds(1)
        }
        for _ in 0..<max(rounds / 10, 1) {
            _ = try (milliseconds(plain), milliseconds(mixed))
        }
        var times: [(plain: Double, mixed: Double)] = []
        for round in 0..<rounds {
            // Who is first takes turns, so that neither profits from it.
            if round.isMultiple(of: 2) {
                let first = try milliseconds(plain)
                times.append((first, try milliseconds(mixed)))
            } else {
                let first = try milliseconds(mixed)
                times.append((try milliseconds(plain), first))
            }
        }
        let ratios = times.map { $0.mixed / $0.plain }
        return StepCost(
            rounds: rounds,
            plainMilliseconds: quantile(times.map(\.plain), 0.5),
            mixedMilliseconds: quantile(times.map(\.mixed), 0.5),
            medianRatio: quantile(ratios, 0.5),
            ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)]
        )
    }
}

/// How the memory of the process changes over many steps.
public struct MemoryGrowth: Sendable, Codable {
    /// The number of steps between the first and the last reading.
    public let steps: Int
    /// The resident memory after a warm-up, and then after each tenth of the steps, in KiB.
    public let residentKiB: [Int]

    /// The last reading less the first, in KiB.
    public var growthKiB: Int { (residentKiB.last ?? 0) - (residentKiB.first ?? 0) }

    enum CodingKeys: String, CodingKey {
        case steps
        case residentKiB = "resident_kib"
    }

    /// Trains with Manifold Mixup on random images and reads the resident memory.
    public static func measure(widths: [Int], batchSize: Int, steps: Int) throws -> MemoryGrowth {
        let trainer = try syntheticTrainer(
            widths: widths,
            batchSize: batchSize,
            mixup: .manifoldMixup()
        )
        func train(_ steps: Int) throws {
            for _ in 0..<steps { try trainer.stepForever() }
        }
        try train(max(steps / 10, 1))
        var readings = [try residentKiB()]
        for _ in 0..<10 {
            try train(steps / 10)
            readings.append(try residentKiB())
        }
        return MemoryGrowth(steps: steps / 10 * 10, residentKiB: readings)
    }

    /// The resident memory of this process in KiB, as Linux counts it.
    static func residentKiB() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else {
            throw TrainingError.impossible("this system does not tell a process's memory")
        }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024
    }
}

extension Trainer {
    /// One step, without an end to the training and without evaluations.
    fileprivate func stepForever() throws {
        if position.batch == batchesPerEpoch { startNextEpoch() }
        _ = try step()
    }
}

/// A training that never ends, on random images of MNIST's size.
private func syntheticTrainer(widths: [Int], batchSize: Int, mixup: Mixup?) throws -> Trainer {
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

/// A quantile by linear interpolation between the sorted values.
private func quantile(_ values: [Double], _ fraction: Double) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.indices.last else { return .nan }
    let position = fraction * Double(last)
    let lower = Int(position)
    let upper = min(lower + 1, last)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
}
