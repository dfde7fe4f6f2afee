import Foundation
import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels
import MixupTraining
import Testing

@Suite("Off the data")
struct OffDataTests {
    @Test("Gaussian noise is standard behind the normalisation, uniform noise fills the pixels")
    func noise() throws {
        let digits = try Digits.load().test
        let gaussian = try NoiseInputs.gaussian.like(digits, count: 300, seed: 1)
        let values = try gaussian.minibatch(0..<300).features.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.05)

        let uniform = try NoiseInputs.uniform.like(digits, count: 300, seed: 1)
        let pixels = try uniform.minibatch(0..<300).features.map(Double.init)
        let valid = try digits.minibatch(0..<digits.count).features.map(Double.init)
        let (low, high) = (try #require(valid.min()), try #require(valid.max()))
        #expect(pixels.allSatisfy { $0 >= low - 1e-6 && $0 <= high + 1e-6 })
        let middle = pixels.reduce(0, +) / Double(pixels.count)
        #expect(abs(middle - (low + high) / 2) < 0.03)
        #expect(try #require(pixels.max()) > high - 0.01)

        for noise in NoiseInputs.allCases {
            let first = try noise.like(digits, count: 3, seed: 1).minibatch(0..<3).features
            #expect(try noise.like(digits, count: 3, seed: 1).minibatch(0..<3).features == first)
            #expect(try noise.like(digits, count: 3, seed: 2).minibatch(0..<3).features != first)
            #expect(throws: MixupError.self) { try noise.like(digits, count: 0, seed: 1) }
        }
    }

    @Test("A histogram counts every input once, in the bin of its confidence")
    func histogram() throws {
        let probabilities = try ClassProbabilities(
            logits: [0, 0, log(3), 0, log(9), 0],
            classCount: 2
        )
        let histogram = ConfidenceHistogram(probabilities, source: "three", binCount: 5)
        #expect(histogram.counts == [0, 0, 1, 1, 1])
        #expect(abs(histogram.meanConfidence - (0.5 + 0.75 + 0.9) / 3) < 1e-12)
        func entropy(_ p: Double) -> Double { -p * log(p) - (1 - p) * log(1 - p) }
        let expected = [0.5, 0.75, 0.9].map(entropy).reduce(0, +) / 3
        #expect(abs(histogram.meanEntropy - expected) < 1e-12)
    }

    @Test("Half-way between two examples a linear model's logits are the mean of theirs")
    func between() throws {
        let digits = try Subjects.digits(30)
        let model = try MLP(
            inputShape: [1, 8, 8],
            widths: [],
            classCount: 10,
            generator: Generator(seed: 1),
            dtype: .float64
        )
        let own = try model.probabilities(on: digits, precision: .float64)
        let found = try model.probabilitiesBetweenExamples(
            at: 0,
            on: digits,
            seed: 9,
            batchSize: 7,
            precision: .float64
        )
        var random = SplitMix64(seed: 9)
        let pairs = random.permutation(of: 30).enumerated().filter {
            digits.labels[$0.offset] != digits.labels[$0.element]
        }
        #expect(found.count == pairs.count)
        for (row, pair) in pairs.enumerated() {
            for label in 0..<10 {
                let mean =
                    (own.logits[10 * pair.offset + label] + own.logits[10 * pair.element + label])
                    / 2
                #expect(abs(found.logits[10 * row + label] - mean) < 1e-12)
            }
        }
    }

    @Test("At λ = 1 and λ = 0 the NLL is that of the examples as they are", arguments: 0...2)
    func curveEnds(boundary: Int) throws {
        let (model, digits) = (try Subjects.network(dtype: .float64), try Subjects.digits(50))
        let clean = try model.evaluate(on: digits, precision: .float64).negativeLogLikelihood
        let curve = try model.interpolationCurve(
            at: boundary,
            on: digits,
            lambdas: [0, 0.5, 1],
            batchSize: 20,
            precision: .float64
        )
        #expect(curve.boundary == boundary)
        #expect(curve.points.map(\.lambda) == [0, 0.5, 1])
        #expect(abs(curve.points[0].negativeLogLikelihood - clean) < 1e-9)
        #expect(abs(curve.points[2].negativeLogLikelihood - clean) < 1e-9)
        #expect(abs(curve.points[1].negativeLogLikelihood - clean) > 1e-4)
    }

    @Test("Between them it is λ · CE(y_a) + (1 − λ) · CE(y_b)")
    func curve() throws {
        let (model, digits) = (try Subjects.network(dtype: .float64), try Subjects.digits(20))
        let batch = try digits.minibatch(0..<20)
        let input = try Tensor(batch.features, shape: batch.shape).to(.float64)
        let order = try Generator(seed: 3).permutation(20)
        let partners = try order.scalars(as: Int64.self).map { Int($0) }
        let mixed = try input * 0.3 + input.rows(order) * 0.7
        let logits = try withoutGradients { try model(mixed, ForwardPass()).doubles }
        let probabilities = try ClassProbabilities(logits: logits, classCount: 10)
        let own = try LabelledProbabilities(probabilities, labels: digits.labels)
        let partner = try LabelledProbabilities(
            probabilities,
            labels: partners.map { digits.labels[$0] }
        )
        let expected = 0.3 * own.negativeLogLikelihood + 0.7 * partner.negativeLogLikelihood
        let curve = try model.interpolationCurve(
            at: 0,
            on: digits,
            lambdas: [0.3],
            seed: 3,
            precision: .float64
        )
        #expect(abs(curve.points[0].negativeLogLikelihood - expected) < 1e-9)
    }

    @Test("Boundaries and weights that cannot be are refused")
    func refused() throws {
        let (model, digits) = (try Subjects.network(), try Subjects.digits(10))
        for make in [
            { _ = try model.interpolationCurve(at: 3, on: digits) },
            { _ = try model.interpolationCurve(at: 0, on: digits, lambdas: [1.1]) },
            { _ = try model.interpolationCurve(at: 0, on: digits, lambdas: [.nan]) },
            { _ = try model.probabilitiesBetweenExamples(at: -1, on: digits) },
            { _ = try model.probabilitiesBetweenExamples(at: 0, on: digits.subset([0, 0])) },
        ] as [() throws -> Void] {
            #expect(throws: MixupError.self) { try make() }
        }
    }
}
