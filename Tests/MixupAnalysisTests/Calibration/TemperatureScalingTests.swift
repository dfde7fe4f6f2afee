import Foundation
import LibTorch
import MixupAnalysis
import Testing

@Suite("Temperature scaling")
struct TemperatureScalingTests {
    /// Normal logits of five classes; about half of the labels are the most probable class.
    private static func examples(seed: UInt64) throws -> LabelledProbabilities {
        let logits = try (Subjects.numbers([200, 5], seed: seed) * 3).doubles
        let probabilities = try ClassProbabilities(logits: logits, classCount: 5)
        let labels = probabilities.predictions.enumerated().map {
            $0.offset % 2 == 0 ? $0.element : $0.offset % 5
        }
        return try LabelledProbabilities(probabilities, labels: labels)
    }

    @Test("The temperature 1 changes nothing, and none changes a prediction")
    func identity() throws {
        let examples = try Self.examples(seed: 1)
        #expect(try TemperatureScaling(temperature: 1)(examples) == examples)
        for temperature in [0.01, 0.5, 3, 100] {
            let tempered = try TemperatureScaling(temperature: temperature)(examples)
            #expect(tempered.probabilities.predictions == examples.probabilities.predictions)
        }
    }

    @Test(
        "Margins ±a with a share q right have the temperature 2a / logit q",
        arguments: [0.6, 0.9]
    )
    func closedForm(share: Double) throws {
        for margin in [0.1, 1, 20] {
            let count = 50
            let examples = try LabelledProbabilities(
                ClassProbabilities(
                    logits: (0..<count).flatMap { _ in [margin, -margin] },
                    classCount: 2
                ),
                labels: (0..<count).map { Double($0) < share * Double(count) - 0.5 ? 0 : 1 }
            )
            let found = TemperatureScaling(fittedTo: examples).temperature
            let expected = 2 * margin / log(share / (1 - share))
            #expect(abs(found / expected - 1) < 1e-10)
        }
    }

    @Test("No other temperature has a smaller NLL", arguments: [1, 2, 3] as [UInt64])
    func minimum(seed: UInt64) throws {
        let examples = try Self.examples(seed: seed)
        let scaling = TemperatureScaling(fittedTo: examples)
        let best = try scaling(examples).negativeLogLikelihood
        #expect(best < examples.negativeLogLikelihood)
        for factor in [0.01, 0.5, 0.999, 1.001, 2, 100] {
            let other = TemperatureScaling(temperature: scaling.temperature * factor)
            #expect(try other(examples).negativeLogLikelihood > best)
        }
        // Logits that are twice as large need a temperature that is twice as high.
        let doubled = try LabelledProbabilities(
            ClassProbabilities(
                logits: examples.probabilities.logits.map { 2 * $0 },
                classCount: 5
            ),
            labels: examples.labels
        )
        let found = TemperatureScaling(fittedTo: doubled).temperature
        #expect(abs(found / (2 * scaling.temperature) - 1) < 1e-10)
    }

    @Test("Where everything is right, or worse than guessing, the end of the range is taken")
    func ends() throws {
        let examples = try Self.examples(seed: 4)
        let predictions = examples.probabilities.predictions
        let right = try LabelledProbabilities(examples.probabilities, labels: predictions)
        let wrong = try LabelledProbabilities(
            examples.probabilities,
            labels: (0..<200).map { example in
                let row = examples.probabilities.logits[5 * example..<5 * example + 5]
                return (row.indices.min { row[$0] < row[$1] } ?? 0) - 5 * example
            }
        )
        #expect(abs(TemperatureScaling(fittedTo: right).temperature - 0.01) < 1e-12)
        #expect(abs(TemperatureScaling(fittedTo: wrong).temperature - 100) < 1e-12)
    }
}
