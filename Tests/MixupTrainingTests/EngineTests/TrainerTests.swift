import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupTraining

@Suite("Trainer")
struct TrainerTests {
    @Test("Training lowers the loss and the test error of separable data, with every method")
    func learns() throws {
        for mixup in [nil, try Mixup.inputMixup(), try Mixup.manifoldMixup()] {
            let trainer = try TestData.trainer(mixup: mixup, count: 90, batchSize: 16, epochs: 30)
            let before = try trainer.model.evaluate(on: trainer.data.test)
            try trainer.run()
            let after = try trainer.model.evaluate(on: trainer.data.test)
            #expect(after.negativeLogLikelihood < before.negativeLogLikelihood / 2)
            #expect(after.error <= 0.1)
        }
    }

    @Test("Every epoch sees every example once, the last small minibatch included")
    func epochs() throws {
        let trainer = try TestData.trainer(count: 23, batchSize: 5, epochs: 3)
        #expect(trainer.batchesPerEpoch == 5)
        var counts: [Int] = []
        var seen = 0
        try trainer.run(
            onStep: { report in
                seen = report.position.exampleCount
                return true
            },
            onEpoch: { report in
                counts.append(seen)
                #expect(report.step == 5 * report.epoch)
            }
        )
        #expect(counts == [23, 23, 23])
        #expect(trainer.position.step == 15)

        let streams = try RandomStreams(seed: 4)
        let first = try EpochOrder(count: 50, separate: true, streams: streams)
        let second = try EpochOrder(count: 50, separate: true, streams: streams)
        #expect(first.examples.sorted() == Array(0..<50))
        #expect(first.partners?.sorted() == Array(0..<50))
        #expect(first.examples != second.examples)
        #expect(first.examples != first.partners)
    }

    @Test(
        "Any batch size from 1 works, odd ones included, shuffled or with separate partners",
        arguments: [1, 2, 3, 7, 23, 100]
    )
    func batchSizes(batchSize: Int) throws {
        for partner in Mixup.Partner.allCases {
            for scope in Mixup.LambdaScope.allCases {
                let mixup = try Mixup(
                    alpha: 1,
                    eligibleLayers: nil,
                    lambdaScope: scope,
                    partner: partner
                )
                let trainer = try TestData.trainer(mixup: mixup, batchSize: batchSize, epochs: 1)
                #expect(try trainer.run())
            }
        }
    }

    @Test("Equal seeds train to equal bytes; dropout changes no k, λ or order")
    func streamsAreSeparate() throws {
        func draws(dropout: Double, seed: UInt64 = 1) throws -> (bytes: [UInt8], mixes: [[Double]])
        {
            let trainer = try TestData.trainer(
                mixup: .manifoldMixup(),
                dropout: dropout,
                seed: seed
            )
            var mixes: [[Double]] = []
            try trainer.run(onStep: { report in
                mixes.append([Double(report.layer ?? -1), report.lambda ?? -1])
                return true
            })
            return (try trainer.weightBytes(), mixes)
        }
        let plain = try draws(dropout: 0)
        let again = try draws(dropout: 0)
        let dropped = try draws(dropout: 0.5)
        #expect(plain.bytes == again.bytes)
        #expect(plain.mixes == again.mixes)
        #expect(dropped.mixes == plain.mixes)
        #expect(dropped.bytes != plain.bytes)
        #expect(try draws(dropout: 0, seed: 2).mixes != plain.mixes)
    }

    @Test("A loss that is not finite stops the training and leaves the weights of the step before")
    func notFinite() throws {
        let trainer = try TestData.trainer(count: 30, batchSize: 10, epochs: 50, learningRate: 1e25)
        var finite: [UInt8] = try trainer.weightBytes()
        #expect(throws: TrainingError.self) {
            try trainer.run(onStep: { _ in
                finite = try trainer.weightBytes()
                return true
            })
        }
        #expect(try trainer.weightBytes() == finite)
    }

    @Test("Weights that blow up in the last step of an epoch are not evaluated as if nothing were")
    func weightsNotFinite() throws {
        let trainer = try TestData.trainer(count: 5, batchSize: 5, learningRate: 1e39)
        var reports = 0
        #expect(throws: TrainingError.weightsNotFinite(step: 1)) {
            try trainer.run(onEpoch: { _ in reports += 1 })
        }
        #expect(reports == 0)
    }

    @Test("Values that overflow are named as a possible cause")
    func brokenData() throws {
        let data = try Dataset(
            name: "broken",
            shape: [2],
            classNames: ["a", "b"],
            labels: [0, 1],
            features: .floats([3e38, 3e38, -3e38, 3e38]),
            normalization: Normalization()
        )
        let streams = try RandomStreams(seed: 1)
        let model = try MLP(
            inputShape: [2],
            widths: [3],
            classCount: 2,
            generator: streams[.initialization]
        )
        let trainer = try Trainer(
            model,
            data: DataSplits(train: data, test: data),
            optimizer: SGD(model),
            settings: TrainingSettings(epochs: 20, batchSize: 2),
            streams: streams
        )
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        #expect(error?.description.contains("broken values in the data") == true)
    }

    @Test("The learning rate follows the schedule, step by step")
    func schedule() throws {
        let trainer = try TestData.trainer(epochs: 3, learningRate: 0.2)
        var rates: [Double] = []
        try trainer.run(onStep: { report in
            rates.append(report.learningRate)
            return true
        })
        let expected = (0..<15).map { 0.1 * (1 + cos(.pi * Double($0) / 15)) }
        #expect(zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test("Evaluations take place when they are due, and always after the last epoch")
    func evaluationInterval() throws {
        let trainer = try TestData.trainer(epochs: 5, evaluateEvery: 2)
        var evaluated: [Int] = []
        try trainer.run(onEpoch: { if $0.test != nil { evaluated.append($0.epoch) } })
        #expect(evaluated == [2, 4, 5])
    }

    @Test("Impossible settings and missing boundaries are found before the first step")
    func impossible() throws {
        #expect(throws: MixupError.self) { try TestData.trainer(epochs: 0) }
        #expect(throws: MixupError.self) { try TestData.trainer(batchSize: 0) }
        let error = #expect(throws: MixupError.self) {
            try TestData.trainer(mixup: .manifoldMixup(layers: [0, 3]))
        }
        #expect(error?.message.contains("2 (hidden2)") == true)
    }

    @Test("All three precisions train, and differ from each other only a little")
    func precisions() throws {
        let results = try Precision.allCases.map { precision in
            let trainer = try TestData.trainer(
                mixup: .manifoldMixup(),
                count: 60,
                epochs: 5,
                precision: precision
            )
            try trainer.run()
            let dtypes = try trainer.model.parameters().map { try $0.dtype }
            #expect(Set(dtypes) == [precision.dtype])
            return try trainer.model.evaluate(on: trainer.data.test, precision: precision)
                .negativeLogLikelihood
        }
        #expect(results.allSatisfy { abs($0 - results[0]) < 0.1 })
    }
}
