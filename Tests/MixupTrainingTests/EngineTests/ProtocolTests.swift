import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Clipping, averages and memory order in a training")
struct ProtocolTests {
    @Test(
        "A limit that no gradient reaches changes no byte; a small one does",
        arguments: [(TrainingEngine.autograd, Precision.float32), (.fused, .float32)]
            + (try KernelTeam().hasBFloat16 ? [(.fused, .bfloat16)] : [])
    )
    func clipping(_ engine: TrainingEngine, _ precision: Precision) throws {
        func bytes(_ clipNorm: Double?) throws -> [UInt8] {
            let trainer = try TestData.trainer(
                mixup: .manifoldMixup(),
                precision: precision,
                clipNorm: clipNorm,
                engine: engine
            )
            try trainer.run()
            return try trainer.weightBytes()
        }
        let plain = try bytes(nil)
        #expect(try bytes(1e6) == plain)
        #expect(try bytes(0.01) != plain)
    }

    @Test("A clipped first step is as long as the limit says")
    func clippedStep() throws {
        let trainer = try TestData.trainer(precision: .float64, clipNorm: 1e-3)
        let before = try trainer.model.parameters().map { try $0.detached().clone() }
        _ = try trainer.step()
        let squares = try zip(trainer.model.parameters(), before).map { after, before in
            // Weight decay acts beside the clipped gradient.
            let change = try (after.detached() - before) * (-1 / 0.19) - before * 1e-4
            return try (change * change).sum().item()
        }
        #expect(abs(squares.reduce(0, +).squareRoot() / 1e-3 - 1) < 1e-2)
    }

    /// A classifier whose loss is finite while its gradient is not.
    private final class Cliff: Classifier {
        let mixingSites: [String] = []
        let weight: Tensor

        init() throws { weight = try Tensor([0, 0] as [Float]).requiringGradient() }

        var ownTensors: [NamedTensor] { [NamedTensor("weight", weight)] }

        func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
            try (input * weight).squareRoot()
        }
    }

    @Test("A gradient that is not finite is an error before it reaches the weights")
    func gradientNotFinite() throws {
        let data = try TestData.blobs(count: 4, features: 2, classes: 2)
        let model = try Cliff()
        let trainer = try Trainer(
            model,
            data: DataSplits(train: data, test: data),
            optimizer: SGD(model),
            settings: TrainingSettings(epochs: 1, clipNorm: 1),
            streams: RandomStreams(seed: 1)
        )
        let error = #expect(throws: TrainingError.gradientNotFinite(step: 1)) { try trainer.run() }
        #expect(error?.description.contains("smaller learning rate") == true)
        #expect(try model.weight.scalars(as: Float.self) == [0, 0])
        #expect(trainer.position.step == 0)
    }

    @Test("The average follows the weights after every step, and changes no step")
    func average() throws {
        let plain = try TestData.trainer(epochs: 1, precision: .float64)
        let averaged = try TestData.trainer(epochs: 1, precision: .float64, emaDecay: 0.8)
        var expected = try plain.model.parameters().map { try $0.scalars(as: Double.self) }
        try plain.run(onStep: { _ in
            expected = try zip(expected, plain.model.parameters()).map { average, parameter in
                try zip(average, parameter.scalars(as: Double.self)).map { 0.8 * $0 + 0.2 * $1 }
            }
            return true
        })
        try averaged.run()
        #expect(try averaged.weightBytes() == plain.weightBytes())
        let average = try #require(averaged.average)
        for (found, expected) in zip(average.parameters(), expected) {
            let found = try found.scalars(as: Double.self)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
        }
    }

    @Test("Evaluations take the average, and leave the trained weights as they are")
    func evaluationOfAverage() throws {
        let trainer = try TestData.trainer(epochs: 2, batchNorm: true, emaDecay: 0.9)
        var last: Evaluation?
        try trainer.run(onEpoch: { last = $0.test })
        let bytes = try trainer.weightBytes()
        let found = try trainer.evaluate(on: trainer.data.test)
        #expect(found == last)
        #expect(try trainer.weightBytes() == bytes)
        #expect(try trainer.model.evaluate(on: trainer.data.test) != found)

        let average = try #require(trainer.average).stateDictionary()
        let other = try TestData.trainer(batchNorm: true)
        try other.model.load(
            Dictionary(uniqueKeysWithValues: average.map { ($0.name, $0.tensor) })
        )
        #expect(try other.evaluate(on: trainer.data.test) == found)
    }

    @Test("The order in memory changes a training within rounding, and no name or shape")
    func channelsLast() throws {
        let trainers = try [false, true].map { channelsLast in
            let trainer = try TestData.imageTrainer(
                precision: .float64,
                clipNorm: 1,
                emaDecay: 0.9,
                channelsLast: channelsLast
            )
            try trainer.run()
            return trainer
        }
        let states = trainers.map { $0.model.stateDictionary() + ($0.average?.ownTensors ?? []) }
        #expect(states[0].map(\.name) == states[1].map(\.name))
        for (plain, other) in zip(states[0], states[1]) {
            #expect(try plain.tensor.shape == other.tensor.shape)
            let difference = try (plain.tensor.to(.float64) - other.tensor.to(.float64)).absolute()
            #expect(try difference.sum().item() < 1e-8, "\(plain.name)")
        }
        let results = try trainers.map { try $0.evaluate(on: $0.data.test) }
        #expect(results[0].error == results[1].error)
        let likelihoods = results.map(\.negativeLogLikelihood)
        #expect(abs(likelihoods[0] - likelihoods[1]) < 1e-9)
    }

    @Test("The size of a minibatch does not decide the result of an evaluation")
    func evaluationBatches() throws {
        let trainer = try TestData.imageTrainer(precision: .float64)
        try trainer.run()
        let results = try [1, 5, 12, 1000].map {
            try trainer.model.evaluate(
                on: trainer.data.test,
                batchSize: $0,
                precision: .float64
            )
        }
        #expect(Set(results.map(\.error)).count == 1)
        let likelihoods = results.map(\.negativeLogLikelihood)
        #expect(likelihoods.allSatisfy { abs($0 - likelihoods[0]) < 1e-12 })
    }

    @Test("Impossible settings are refused")
    func impossible() {
        for clipNorm in [0, -1, Double.nan] {
            #expect(throws: MixupError.self) { try TestData.trainer(clipNorm: clipNorm) }
        }
        for decay in [-0.1, 1, Double.nan] {
            #expect(throws: MixupError.self) { try TestData.trainer(emaDecay: decay) }
        }
        #expect(throws: MixupError.self) { try TestData.trainer(patience: 0) }
    }
}
