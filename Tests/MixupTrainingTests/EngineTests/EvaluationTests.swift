import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

/// A classifier whose logits are its input.
private final class Echo: Classifier {
    let mixingSites = ["only"]
    private(set) var sawTraining = false

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        if pass.isTraining { sawTraining = true }
        return try pass.site("only", input)
    }
}

@Suite("Evaluation")
struct EvaluationTests {
    private func dataset(_ logits: [[Float]], _ labels: [Int]) throws -> Dataset {
        try Dataset(
            name: "logits",
            shape: [logits[0].count],
            classNames: (0..<logits[0].count).map(String.init),
            labels: labels,
            features: .floats(logits.flatMap { $0 }),
            normalization: Normalization()
        )
    }

    @Test("Error and NLL agree with their closed forms, whatever the batch size")
    func closedForms() throws {
        let logits: [[Float]] = [[2, 0, -1], [0, 1, 0], [0.5, 0, 3], [1, 2, 3]]
        let labels = [0, 2, 2, 0]
        let data = try dataset(logits, labels)
        let expected =
            zip(logits, labels).map { row, label in
                log(row.map { exp(Double($0)) }.reduce(0, +)) - Double(row[label])
            }.reduce(0, +) / 4
        for batchSize in [1, 3, 4, 1000] {
            let result = try Echo().evaluate(on: data, batchSize: batchSize)
            #expect(result.count == 4)
            #expect(result.error == 0.5)
            #expect(abs(result.negativeLogLikelihood - expected) < 1e-12)
            #expect(result.topFiveError == nil)
        }
    }

    @Test("The top-5 error counts examples whose class is not among five")
    func topFive() throws {
        let logits: [[Float]] = [
            [6, 5, 4, 3, 2, 1, 0], [6, 5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6],
        ]
        let result = try Echo().evaluate(on: dataset(logits, [4, 5, 6]))
        #expect(abs(result.error - 2.0 / 3) < 1e-12)
        #expect(abs((result.topFiveError ?? -1) - 1.0 / 3) < 1e-12)
    }

    @Test("An evaluation never runs the model in training, and records no gradients")
    func notTraining() throws {
        let model = Echo()
        _ = try model.evaluate(on: dataset([[1, 2]], [0]))
        #expect(!model.sawTraining)
        let weight = try Tensor([1, 2] as [Float]).requiringGradient()
        #expect(try (weight * 2).requiresGradient)
    }

    @Test("Examples that do not fit the model are an error, not a crash")
    func wrongShape() throws {
        let trainer = try TestData.trainer()
        let other = try TestData.blobs(count: 6, features: 9)
        #expect(throws: TorchError.self) { try trainer.model.evaluate(on: other) }
    }
}
