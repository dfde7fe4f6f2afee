import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

/// How much faster several ranks do a step than one, on the same minibatch, measured in alternation.
public struct RankScaling: Sendable, Codable {
    /// The number of ranks, each with one thread.
    public let rankCount: Int
    /// The number of images in the minibatch of a step, over all ranks.
    public let batchSize: Int
    /// The number of pairs of steps.
    public let rounds: Int
    /// The median time of a step by one rank, in milliseconds.
    public let singleMilliseconds: Double
    /// The median time of a step by all ranks, in milliseconds.
    public let jointMilliseconds: Double
    /// The median of the rounds' ratios, one rank over all.
    public let medianSpeedup: Double
    /// The first and the third quartile of the rounds' ratios.
    public let speedupQuartiles: [Double]
    /// The median of the rounds' ratios of processor time, that of one rank over that of the first of
    /// all: what the ratio would be with a free core for each rank, and no rank waiting for another.
    public let medianProcessorSpeedup: Double
    /// The median time in which the gradients are averaged, without waiting for a slower rank.
    public let exchangeMilliseconds: Double
    /// The bytes of gradients that a rank has to share in a step.
    public let gradientBytes: Int
    /// The processes that wanted a core when the measurement began and ended, mean of a minute.
    public let loads: [Double]

    enum CodingKeys: String, CodingKey {
        case rankCount = "ranks"
        case batchSize = "batch_size"
        case rounds
        case singleMilliseconds = "single_ms"
        case jointMilliseconds = "joint_ms"
        case medianSpeedup = "speedup_median"
        case speedupQuartiles = "speedup_quartiles"
        case medianProcessorSpeedup = "cpu_speedup_median"
        case exchangeMilliseconds = "exchange_ms"
        case gradientBytes = "gradient_bytes"
        case loads
    }

    /// Measures a PreActResNet-18 with Manifold Mixup on random images of CIFAR's size; every rank calls
    /// it.
    ///
    /// - Parameters:
    ///   - ranks: those that have met; while the first works alone, the others wait without computing.
    ///   - width: the channels of the network's first stage.
    ///   - batchSize: the number of images in the minibatch of a step, a multiple of the ranks.
    ///   - rounds: pairs of steps, after one to warm up.
    /// - Returns: what rank 0 has measured; `nil` on the others.
    public static func measure(
        _ ranks: Ranks,
        width: Int,
        batchSize: Int,
        rounds: Int
    ) throws -> RankScaling? {
        try LibTorchRuntime.setThreadCount(1)
        let loadBefore = load()
        let isFirst = ranks.rank == 0
        let single = isFirst ? try trainer(Ranks(), width: width, batchSize: batchSize) : nil
        let joint = try trainer(ranks, width: width, batchSize: batchSize / ranks.count)
        func time(_ body: () throws -> Void) throws -> Time {
            try ranks.group.barrier()
            let start = Time.now
            try body()
            return Time.now - start
        }
        func singleStep() throws -> Time { try time { try single?.stepForever() } }
        func jointStep() throws -> Time { try time { try joint.stepForever() } }
        _ = try (singleStep(), jointStep())
        var times: [(single: Time, joint: Time)] = []
        var exchanges: [Double] = []
        for round in 0..<rounds {
            // Who is first takes turns, so that neither profits from it.
            if round.isMultiple(of: 2) {
                let first = try singleStep()
                times.append((first, try jointStep()))
            } else {
                let first = try jointStep()
                times.append((try singleStep(), first))
            }
            exchanges.append(
                try time {
                    _ = try ranks.average(joint.model, loss: 0, weight: 1 / Double(ranks.count))
                }.wall
            )
        }
        try ranks.group.barrier()
        let ratios = times.map { $0.single.wall / $0.joint.wall }
        return try single.map { single in
            RankScaling(
                rankCount: ranks.count,
                batchSize: batchSize,
                rounds: rounds,
                singleMilliseconds: quantile(times.map(\.single.wall), 0.5),
                jointMilliseconds: quantile(times.map(\.joint.wall), 0.5),
                medianSpeedup: quantile(ratios, 0.5),
                speedupQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
                medianProcessorSpeedup: quantile(
                    times.map { $0.single.processor / $0.joint.processor },
                    0.5
                ),
                exchangeMilliseconds: quantile(exchanges, 0.5),
                gradientBytes: try 4 * single.model.parameterCount(),
                loads: [loadBefore, load()]
            )
        }
    }

    /// Milliseconds on the clock, and of all cores in this process.
    private struct Time {
        var wall: Double
        var processor: Double

        static var now: Time {
            func read(_ clock: clockid_t) -> Double {
                var time = timespec()
                clock_gettime(clock, &time)
                return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
            }
            return Time(wall: read(CLOCK_MONOTONIC), processor: read(CLOCK_PROCESS_CPUTIME_ID))
        }

        static func - (end: Time, start: Time) -> Time {
            Time(wall: end.wall - start.wall, processor: end.processor - start.processor)
        }
    }

    private static func trainer(_ ranks: Ranks, width: Int, batchSize: Int) throws -> Trainer {
        let dataset = try syntheticImages(
            count: 4 * batchSize * ranks.count,
            shape: [3, 32, 32]
        )
        let streams = try RandomStreams(seed: 1)
        let model = try PreActResNet(
            .eighteen,
            inputShape: dataset.shape,
            classCount: dataset.classCount,
            width: width,
            generator: streams[.initialization]
        )
        return try Trainer(
            model,
            data: DataSplits(train: dataset, test: dataset),
            optimizer: SGD(model, learningRate: 0.01),
            settings: TrainingSettings(
                epochs: .max,
                batchSize: batchSize,
                mixup: .manifoldMixup(),
                workers: 0,
                channelsLast: true,
                // The engine of several ranks is that of one, too.
                engine: .autograd
            ),
            streams: streams,
            ranks: ranks
        )
    }

    /// The load of the machine over the last minute, as Linux counts it.
    private static func load() -> Double {
        let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)
        return text?.split(separator: " ").first.flatMap { Double($0) } ?? .nan
    }
}
