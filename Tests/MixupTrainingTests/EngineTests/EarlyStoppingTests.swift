import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

/// A classifier that gets a given number of the test examples wrong in each evaluation.
private final class Scripted: Classifier {
    let mixingSites: [String] = []
    let weight: Tensor
    private var mistakes: [Int]

    init(mistakes: [Int]) throws {
        self.mistakes = mistakes
        weight = try Tensor([1, 1] as [Float]).requiringGradient()
    }

    var ownTensors: [NamedTensor] { [NamedTensor("weight", weight)] }

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        guard !pass.isTraining else { return try input * weight }
        let wrong = mistakes.removeFirst()
        let logits: [Float] = (0..<4).flatMap { $0 < wrong ? [0, 1] : [1, 0] as [Float] }
        return try Tensor(logits, shape: [4, 2])
    }
}

@Suite("Early stopping")
struct EarlyStoppingTests {
    private static let mistakes = [3, 2, 2, 3, 2, 1, 4, 1, 0, 0]

    private func trainer(patience: Int?, evaluateEvery: Int = 1) throws -> Trainer {
        let data = try Dataset(
            name: "zeros",
            shape: [2],
            classNames: ["a", "b"],
            labels: [0, 0, 0, 0],
            features: .floats(Array(repeating: 1, count: 8)),
            normalization: Normalization()
        )
        let model = try Scripted(mistakes: Self.mistakes)
        return try Trainer(
            model,
            data: DataSplits(train: data, test: data),
            optimizer: SGD(model),
            settings: TrainingSettings(
                epochs: 10,
                batchSize: 4,
                evaluateEvery: evaluateEvery,
                patience: patience
            ),
            streams: RandomStreams(seed: 1)
        )
    }

    @Test(
        "A training ends after as many epochs without a lower error as its patience",
        arguments: [(1, 3, 2), (2, 4, 2), (3, 5, 2), (4, 10, 9)]
    )
    func stops(patience: Int, end: Int, best: Int) throws {
        let trainer = try trainer(patience: patience)
        var (errors, rates): ([Double], [Double]) = ([], [])
        let isComplete = try trainer.run(onEpoch: {
            errors.append(4 * ($0.test?.error ?? -1))
            rates.append($0.learningRate)
        })
        #expect(isComplete)
        #expect(trainer.position.epoch == end)
        #expect(errors == Self.mistakes.prefix(end).map(Double.init))
        #expect(trainer.best?.epoch == best)
        #expect(trainer.hasStoppedEarly == (end < 10))
        // The schedule is that of ten epochs.
        for (epoch, rate) in rates.enumerated() {
            #expect(abs(rate - 0.05 * (1 + cos(.pi * Double(epoch) / 10))) < 1e-12)
        }
        // What has ended does not go on.
        #expect(try trainer.run(onStep: { _ in false }))
        #expect(trainer.position.epoch == end)
    }

    @Test("Without patience a training goes on to its last epoch")
    func neverStops() throws {
        let trainer = try trainer(patience: nil)
        try trainer.run()
        #expect(trainer.position.epoch == 10)
        #expect(!trainer.hasStoppedEarly)
    }

    @Test("Only evaluated epochs end a training, so that its last result is that of its weights")
    func rareEvaluations() throws {
        // Epochs 3, 6, 9 and 10 have 3, 2, 2 and 3 mistakes.
        let trainer = try trainer(patience: 2, evaluateEvery: 3)
        var evaluated: [Int] = []
        try trainer.run(onEpoch: { if $0.test != nil { evaluated.append($0.epoch) } })
        #expect(evaluated == [3, 6, 9])
        #expect(trainer.position.epoch == 9)
        #expect(trainer.best?.epoch == 6)
        #expect(trainer.hasStoppedEarly)
    }
}
