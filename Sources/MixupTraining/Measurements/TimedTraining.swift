import Foundation
import LibTorch
import ManifoldMixup
import MixupData

/// A training on random images, whose steps and evaluations are timed one by one.
public final class TimedTraining {
    /// What is timed.
    public enum Work: String, Sendable, Codable, CaseIterable {
        /// One step, its minibatch included.
        case step
        /// The evaluation of one minibatch, of ``TimedTraining/evaluatedBatchCount`` in turn.
        case evaluate
    }

    /// Which time is meant.
    public enum Time: String, Sendable, Codable {
        /// What passes on the clock.
        case clock
        /// What the process computes, all threads together. It hardly depends on what else the
        /// machine does, but says nothing of how well threads share the work.
        case processor

        /// Milliseconds since some moment.
        var now: Double {
            var time = timespec()
            clock_gettime(self == .clock ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time)
            return 1e3 * Double(time.tv_sec) + 1e-6 * Double(time.tv_nsec)
        }
    }

    /// The minibatches of one evaluation.
    public static let evaluatedBatchCount = 5

    /// The engine that computes the steps, in words, and where if not on the CPU.
    public var engine: String {
        trainer.engineSummary + (trainer.device == .cpu ? "" : " on \(trainer.device)")
    }

    private let trainer: Trainer
    private let evaluated: Dataset
    private let time: Time

    /// Prepares the training of a recipe's network with its method, by its engine.
    ///
    /// - Parameters:
    ///   - recipe: the network, the method, the optimizer but for its rate, the size of a minibatch and the
    ///     rest of the protocol; not the data. Its device is the CPU unless it names CUDA.
    ///   - inputShape: of one image, [C, H, W].
    ///   - time: which time to measure.
    /// - Throws: `TrainingError` if the engine does not cover the recipe, or the device is not there.
    public init(_ recipe: Recipe, inputShape: [Int], time: Time = .clock) throws {
        if let threads = recipe.training.threads {
            try LibTorchRuntime.setThreadCount(threads)
        }
        let batchSize = recipe.training.batchSize
        // An epoch that is not too short: each has an order and threads of its own.
        let dataset = try syntheticImages(count: 20 * batchSize, shape: inputShape)
        evaluated = try syntheticImages(
            count: Self.evaluatedBatchCount * batchSize,
            shape: inputShape
        )
        // Random images cannot be learned: at a usual rate, weights soon are no finite numbers.
        var recipe = recipe
        recipe.optimizer.learningRate = min(recipe.optimizer.learningRate, 1e-3)
        let streams = try RandomStreams(seed: 1)
        let model = try recipe.makeModel(for: dataset, streams: streams)
        let choice = recipe.training.device
        try model.move(to: choice == .auto ? .cpu : choice.device(for: recipe.training.engine))
        var settings = try recipe.makeSettings()
        settings.epochs = .max
        trainer = try Trainer(
            model,
            data: DataSplits(train: dataset, test: evaluated),
            optimizer: recipe.makeOptimizer(for: model),
            settings: settings,
            streams: streams
        )
        self.time = time
    }

    /// Does something so many times, and returns the milliseconds of each.
    public func milliseconds(_ work: Work, count: Int) throws -> [Double] {
        try (0..<count).map { _ in
            try trainer.device.synchronize()
            let start = time.now
            switch work {
            case .step: try trainer.stepForever()
            case .evaluate: _ = try trainer.evaluate(on: evaluated)
            }
            try trainer.device.synchronize()
            let count = work == .step ? 1 : Self.evaluatedBatchCount
            return (time.now - start) / Double(count)
        }
    }
}
