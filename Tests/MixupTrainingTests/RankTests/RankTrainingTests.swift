import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import TestRanks
import Testing

@testable import MixupTraining

@Suite(
    "Training by several ranks",
    .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)")
)
struct RankTrainingTests {
    /// What a rank has at the end of a training.
    private struct Outcome: Sendable {
        var losses: [Double] = []
        var mixes: [[Double]] = []
        var tests: [Evaluation?] = []
        var gradients: [[Double]] = []
        var weights: [UInt8] = []
        var values: [Double] = []
    }

    private struct Settings: Sendable {
        var count = 46
        var batchSize = 8
        var accumulate = 1
        var epochs = 1
        var steps = Int.max
        var isMixed = false
        var isNormalised = false
        var isSynchronised = false
        var dropout = 0.0
        var precision = Precision.float64
        var isImages = false
    }

    private static func trainer(_ settings: Settings, _ ranks: Ranks) throws -> Trainer {
        let data = try DataSplits(
            train: settings.isImages
                ? TestData.images(count: settings.count, classes: 3)
                : TestData.blobs(count: settings.count),
            test: settings.isImages
                ? TestData.images(count: 13, classes: 3, seed: 2)
                : TestData.blobs(count: 13, seed: 2)
        )
        let streams = try RandomStreams(seed: 5)
        let model: any Classifier =
            settings.isImages
            ? try PreActResNet(
                .eighteen,
                inputShape: data.train.shape,
                classCount: 3,
                width: 2,
                generator: streams[.initialization],
                dtype: settings.precision.dtype
            )
            : try MLP(
                inputShape: data.train.shape,
                widths: [7, 6],
                classCount: 3,
                dropout: settings.dropout,
                batchNorm: settings.isNormalised,
                generator: streams[.initialization],
                dtype: settings.precision.dtype
            )
        return try Trainer(
            model,
            data: data,
            optimizer: SGD(model, learningRate: 0.05),
            settings: TrainingSettings(
                epochs: settings.epochs,
                batchSize: settings.batchSize,
                mixup: settings.isMixed ? .manifoldMixup() : nil,
                precision: settings.precision,
                accumulate: settings.accumulate,
                syncBatchNorm: settings.isSynchronised,
                // One rank and several are compared by the same arithmetic.
                engine: .autograd
            ),
            streams: streams,
            ranks: ranks
        )
    }

    private static func train(_ settings: Settings, _ ranks: Ranks = Ranks()) throws -> Outcome {
        let trainer = try trainer(settings, ranks)
        var outcome = Outcome()
        try trainer.run(
            onStep: { report in
                outcome.losses.append(report.loss)
                outcome.mixes.append([Double(report.layer ?? -1), report.lambda ?? -1])
                outcome.gradients = try trainer.model.parameters().map {
                    try $0.gradient?.to(.float64).scalars() ?? []
                }
                return report.position.step < settings.steps
            },
            onEpoch: { outcome.tests.append($0.test) }
        )
        outcome.weights = try trainer.weightBytes()
        outcome.values = try trainer.model.stateDictionary().flatMap {
            try $0.tensor.to(.float64).scalars(as: Double.self)
        }
        return outcome
    }

    private static func train(_ settings: Settings, ranks: Int) throws -> [Outcome] {
        try inRanks(ranks) { try train(settings, Ranks($0)) }
    }

    /// The norm of the difference over the norm.
    private func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        let difference = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (difference / expected.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    @Test(
        "The averaged gradient is that of one process with the joined minibatch, in every step",
        arguments: [2, 3],
        [Precision.float32, .float64]
    )
    func joinedGradient(ranks: Int, precision: Precision) throws {
        // The fourth step is the epoch's last: 7 examples, in parts of different sizes.
        for steps in [1, 4] {
            var settings = Settings()
            (settings.count, settings.precision) = (24 * 3 + 7, precision)
            (settings.batchSize, settings.steps) = (24 / ranks, steps)
            let results = try Self.train(settings, ranks: ranks)
            settings.batchSize = 24
            let whole = try Self.train(settings)
            for result in results {
                for (gradient, expected) in zip(result.gradients, whole.gradients) {
                    let difference = relativeDifference(gradient, expected)
                    #expect(difference < (precision == .float64 ? 1e-12 : 1e-6))
                }
                #expect(relativeDifference(result.losses, whole.losses) < 1e-6)
            }
        }
    }

    @Test(
        "So it is with synchronised batch normalisation, and not with each rank's own",
        arguments: [2, 3],
        [false, true]
    )
    func synchronisedNormalisation(ranks: Int, isImages: Bool) throws {
        func difference(isSynchronised: Bool) throws -> Double {
            var settings = Settings(count: 24, batchSize: 12 / ranks, steps: 2)
            (settings.isNormalised, settings.isImages) = (true, isImages)
            settings.isSynchronised = isSynchronised
            let results = try Self.train(settings, ranks: ranks)
            settings.batchSize = 12
            let whole = try Self.train(settings)
            // Weights and running statistics after two steps, and the gradient of the second.
            return max(
                relativeDifference(results[1].values, whole.values),
                relativeDifference(
                    results[1].gradients.flatMap { $0 },
                    whole.gradients.flatMap { $0 }
                )
            )
        }
        #expect(try difference(isSynchronised: true) < 1e-9)
        #expect(try difference(isSynchronised: false) > 1e-4)
    }

    @Test(
        "The losses of N ranks are those of one that accumulates N minibatches, mixing and dropout included",
        arguments: [2, 3]
    )
    func accumulation(ranks: Int) throws {
        var settings = Settings()
        (settings.epochs, settings.isMixed, settings.dropout) = (3, true, 0.2)
        let results = try Self.train(settings, ranks: ranks)
        settings.accumulate = ranks
        let single = try Self.train(settings)
        for result in results {
            #expect(result.mixes == single.mixes)
            #expect(relativeDifference(result.losses, single.losses) < 1e-12)
            #expect(relativeDifference(result.values, single.values) < 1e-12)
            #expect(result.tests.map { $0?.error } == single.tests.map { $0?.error })
        }
        // Two ranks that accumulate two minibatches each are four parts, too.
        settings.accumulate = 2
        let four = try Self.train(settings, ranks: 2)
        settings.accumulate = 4
        let alone = try Self.train(settings)
        #expect(relativeDifference(four[1].losses, alone.losses) < 1e-12)
    }

    @Test("All ranks end with the same bytes, statistics included, and report the same figures")
    func agreement() throws {
        var settings = Settings()
        (settings.epochs, settings.isMixed, settings.isNormalised) = (2, true, true)
        settings.precision = .float32
        let results = try Self.train(settings, ranks: 3)
        for result in results {
            #expect(result.losses == results[0].losses)
            #expect(result.mixes == results[0].mixes)
            #expect(result.tests == results[0].tests)
            #expect(result.weights == results[0].weights)
        }
    }

    @Test("An evaluation by several ranks gives what one gives, also with more ranks than examples")
    func evaluation() throws {
        let dataset = try TestData.blobs(count: 5, seed: 3)
        @Sendable func evaluate(_ ranks: Ranks) throws -> Evaluation {
            try Self.trainer(Settings(), Ranks()).model.evaluate(
                on: TestData.blobs(count: 5, seed: 3),
                batchSize: 2,
                precision: .float64,
                ranks: ranks
            )
        }
        let alone = try evaluate(Ranks())
        #expect(alone.count == dataset.count)
        for count in [2, 6] {
            for result in try inRanks(count, { try evaluate(Ranks($0)) }) {
                #expect(result.count == 5)
                #expect(result.error == alone.error)
                let (found, expected) = (
                    result.negativeLogLikelihood, alone.negativeLogLikelihood
                )
                #expect(abs(found - expected) < 1e-12)
            }
        }
    }

    @Test("A loss that is not finite on one rank stops all of them, with the same error")
    func notFinite() throws {
        let results = try inRanksResults(2) { group in
            let trainer = try Self.trainer(Settings(), Ranks(group))
            if group.rank == 1 {
                let parameter = trainer.model.parameters()[0]
                try withoutGradients {
                    try parameter.copyElements(from: .full(parameter.shape, .nan, dtype: .float64))
                }
            }
            try trainer.run()
        }
        for result in results {
            #expect(throws: TrainingError.lossNotFinite(epoch: 1, step: 1)) { try result.get() }
        }
    }

    @Test(
        "An impossible number of minibatches to accumulate is refused",
        arguments: [0, -1, Int.max]
    )
    func impossibleAccumulation(count: Int) throws {
        #expect(throws: MixupError.self) {
            try Self.trainer(Settings(accumulate: count), Ranks())
        }
    }
}
