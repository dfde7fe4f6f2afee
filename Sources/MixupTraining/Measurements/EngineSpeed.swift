import Foundation
import LibTorch
import ManifoldMixup
import MixupData

/// The time of a step by the fused engine and by autograd, measured in alternation; on a CUDA device by
/// autograd alone.
public struct EngineSpeed: Sendable, Codable {
    /// Which time is meant.
    public enum Time: String, Sendable, Codable {
        /// What passes on the clock.
        case clock
        /// What the process computes, all threads together. It hardly depends on what else the
        /// machine does, but says nothing of how well threads share the work.
        case processor

        /// Seconds since some moment.
        var now: Double {
            var time = timespec()
            clock_gettime(self == .clock ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
        }
    }

    /// Which time the figures are.
    public let time: Time
    /// The number of rounds, one step of each engine in a round.
    public let rounds: Int
    /// Where the engines compute.
    public let device: String
    /// What the fused engine is on this machine; `nil`, as all that is said of it, on a CUDA device,
    /// which it does not compute on.
    public let fused: String?
    /// The median time of a step by the fused engine, in milliseconds.
    public let fusedMilliseconds: Double?
    /// The median time of a step by autograd, in milliseconds.
    public let autogradMilliseconds: Double
    /// The median of the rounds' ratios, autograd over fused: how many times faster the fused is.
    public let medianRatio: Double?
    /// The first and the third quartile of the rounds' ratios.
    public let ratioQuartiles: [Double]?
    /// The median time in which the fused engine evaluates a minibatch, in milliseconds.
    public let fusedEvaluationMilliseconds: Double?
    /// The median time in which autograd evaluates a minibatch, in milliseconds.
    public let autogradEvaluationMilliseconds: Double
    /// The median of the rounds' ratios of evaluations, autograd over fused.
    public let evaluationRatio: Double?

    enum CodingKeys: String, CodingKey {
        case time, rounds, device, fused
        case fusedMilliseconds = "fused_ms"
        case autogradMilliseconds = "autograd_ms"
        case medianRatio = "ratio_median"
        case ratioQuartiles = "ratio_quartiles"
        case fusedEvaluationMilliseconds = "fused_evaluation_ms"
        case autogradEvaluationMilliseconds = "autograd_evaluation_ms"
        case evaluationRatio = "evaluation_ratio_median"
    }

    /// Trains the recipe's network with its method on random images, and evaluates one minibatch.
    ///
    /// - Parameters:
    ///   - recipe: the network, the method, the optimizer, the size of a minibatch and the rest of the
    ///     protocol; not the data. Its device is the CPU unless it names CUDA.
    ///   - inputShape: of one image, [C, H, W].
    ///   - rounds: one step and one evaluation of each engine, after a tenth as many to warm up.
    ///   - time: which time to measure.
    /// - Throws: `TrainingError` if the fused engine does not cover the recipe on the CPU, or the device
    ///   is not there.
    public static func measure(
        _ recipe: Recipe,
        inputShape: [Int],
        rounds: Int,
        time: Time = .clock
    ) throws -> EngineSpeed {
        if let threads = recipe.training.threads {
            try LibTorchRuntime.setThreadCount(threads)
        }
        let choice = recipe.training.device
        let device = try choice == .auto ? .cpu : choice.device()
        let batchSize = recipe.training.batchSize
        let dataset = try syntheticImages(count: 2 * batchSize, shape: inputShape)
        let evaluated = try syntheticImages(count: batchSize, shape: inputShape)
        func trainer(_ engine: TrainingEngine) throws -> Trainer {
            let streams = try RandomStreams(seed: 1)
            let model = try recipe.makeModel(for: dataset, streams: streams)
            try model.move(to: device)
            var settings = try recipe.makeSettings()
            settings.epochs = .max
            settings.engine = engine
            return try Trainer(
                model,
                data: DataSplits(train: dataset, test: evaluated),
                optimizer: recipe.makeOptimizer(for: model),
                settings: settings,
                streams: streams
            )
        }
        let autograd = try trainer(.autograd)
        let fused = device == .cpu ? try trainer(.fused) : nil
        func milliseconds(_ trainer: Trainer?, _ work: (Trainer) throws -> Void) throws -> Double {
            guard let trainer else { return .nan }
            try device.synchronize()
            let start = time.now
            try work(trainer)
            try device.synchronize()
            return 1000 * (time.now - start)
        }
        // Who is first takes turns, so that neither profits from it.
        func round(_ number: Int, _ work: (Trainer) throws -> Void) throws -> (Double, Double) {
            if number.isMultiple(of: 2) {
                let first = try milliseconds(fused, work)
                return (first, try milliseconds(autograd, work))
            }
            let first = try milliseconds(autograd, work)
            return (try milliseconds(fused, work), first)
        }
        var (steps, evaluations): ([(Double, Double)], [(Double, Double)]) = ([], [])
        let warmUp = max(rounds / 10, 1)
        for number in -warmUp..<rounds {
            let step = try round(number) { try $0.stepForever() }
            let evaluation = try round(number) { _ = try $0.evaluate(on: evaluated) }
            guard number >= 0 else { continue }
            steps.append(step)
            evaluations.append(evaluation)
        }
        /// A quantile of what is known only where there is a fused engine.
        func ofFused(_ values: [Double], _ fraction: Double = 0.5) -> Double? {
            fused.map { _ in quantile(values, fraction) }
        }
        let ratios = steps.map { $1 / $0 }
        return EngineSpeed(
            time: time,
            rounds: rounds,
            device: "\(device)",
            fused: fused?.engineSummary,
            fusedMilliseconds: ofFused(steps.map(\.0)),
            autogradMilliseconds: quantile(steps.map(\.1), 0.5),
            medianRatio: ofFused(ratios),
            ratioQuartiles: fused.map { _ in [quantile(ratios, 0.25), quantile(ratios, 0.75)] },
            fusedEvaluationMilliseconds: ofFused(evaluations.map(\.0)),
            autogradEvaluationMilliseconds: quantile(evaluations.map(\.1), 0.5),
            evaluationRatio: ofFused(evaluations.map { $1 / $0 })
        )
    }
}
