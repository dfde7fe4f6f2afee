import Foundation
import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels
import MixupTraining
import Testing

@Suite("Robustness")
struct RobustnessTests {
    private static let attacks = [
        Attack.fastGradientSign(epsilon: 0), .fastGradientSign(epsilon: 0.1),
        .projectedGradient(epsilon: 8, steps: 3, units: .pixels, startSeed: 1),
        .unbounded(steps: 40, stepSize: 0.2),
    ]

    @Test("Without ε the score is the clean one, which is that of the evaluation")
    func clean() throws {
        let (model, digits) = (try Subjects.network(), try Subjects.digits())
        let result = try model.robustness(to: Self.attacks, on: digits)
        let evaluation = try model.evaluate(on: digits)
        #expect(result.clean.count == 60)
        #expect(result.clean.error == evaluation.error)
        #expect(result.clean.negativeLogLikelihood == evaluation.negativeLogLikelihood)
        #expect(result.rows[0].score == result.clean)
        #expect(result.rows[0].flipped == 0)
        #expect(result.rows.map(\.attack) == Self.attacks)
    }

    @Test("Attacks raise the NLL, and steps without a bound leave nothing right")
    func attacked() throws {
        let (model, digits) = (try Subjects.network(), try Subjects.digits())
        let result = try model.robustness(to: Self.attacks, on: digits)
        for row in result.rows.dropFirst() {
            #expect(row.score.negativeLogLikelihood > result.clean.negativeLogLikelihood)
            #expect(row.flipped >= row.score.error - result.clean.error)
        }
        #expect(result.rows[3].score.error == 1)
    }

    @Test("The size of the batches changes nothing but rounding", arguments: [7, 1000])
    func batches(size: Int) throws {
        let (model, digits) = (try Subjects.network(dtype: .float64), try Subjects.digits())
        func result(_ size: Int) throws -> Robustness {
            try model.robustness(
                to: Self.attacks,
                on: digits,
                batchSize: size,
                precision: .float64
            )
        }
        let (found, expected) = (try result(size), try result(60))
        for (found, expected) in zip(found.rows, expected.rows) {
            #expect(found.flipped == expected.flipped)
            #expect(found.score.error == expected.score.error)
            let difference =
                found.score.negativeLogLikelihood - expected.score.negativeLogLikelihood
            #expect(abs(difference) < 1e-9)
        }
    }

    @Test("A result is written and read back as JSON, unbounded attacks as well")
    func coding() throws {
        let result = try Subjects.network().robustness(to: Self.attacks, on: Subjects.digits(5))
        let data = try JSONEncoder().encode(result)
        #expect(try JSONDecoder().decode(Robustness.self, from: data) == result)
    }

    @Test("Pixels are refused for data that have none")
    func noPixels() throws {
        let table = try Dataset(
            name: "table",
            shape: [3],
            classNames: ["a", "b"],
            labels: [0, 1],
            features: .floats([1, 2, 3, 4, 5, 6]),
            normalization: Normalization()
        )
        let model = try MLP(
            inputShape: [3],
            widths: [],
            classCount: 2,
            generator: Generator(seed: 1)
        )
        let error = #expect(throws: MixupError.self) {
            try model.robustness(to: [.fastGradientSign(epsilon: 8, units: .pixels)], on: table)
        }
        #expect(error?.message.contains("table has no pixels") == true)
        let found = try model.robustness(to: [.fastGradientSign(epsilon: 0.1)], on: table)
        #expect(found.rows[0].score.negativeLogLikelihood > found.clean.negativeLogLikelihood)
    }

    @Test("A part of a data set is spaced evenly over it")
    func spaced() throws {
        let digits = try Digits.load().test
        let few = try digits.evenlySpaced(3)
        #expect(few.labels == [0, 149, 299].map { digits.labels[$0] })
        #expect(digits.count == 449)
        #expect(try digits.evenlySpaced(10_000).count == digits.count)
        #expect(throws: MixupError.self) { try digits.evenlySpaced(0) }
    }
}
