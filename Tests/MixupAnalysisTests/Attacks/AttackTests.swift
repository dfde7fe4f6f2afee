import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("Attacks")
struct AttackTests {
    private static func batch(_ dataset: Dataset) throws -> (input: Tensor, labels: Tensor) {
        let batch = try dataset.minibatch(0..<dataset.count)
        return (try Tensor(batch.features, shape: batch.shape), try Tensor(batch.labels))
    }

    @Test("ε = 0 changes nothing, not even a bit", arguments: Attack.Units.allCases)
    func zero(units: Attack.Units) throws {
        let digits = try Subjects.digits()
        let (input, labels) = try Self.batch(digits)
        for attack in [
            Attack.fastGradientSign(epsilon: 0, units: units),
            .projectedGradient(epsilon: 0, steps: 3, stepSize: 1, units: units, startSeed: 1),
        ] {
            let found = try attack.examples(
                from: input,
                labels: labels,
                against: Subjects.network(),
                normalization: digits.normalization
            )
            #expect(try found.isEqual(to: input))
        }
    }

    @Test("Examples stay within the ball, and in pixels within black and white")
    func bounds() throws {
        let digits = try Subjects.digits()
        let (input, labels) = try Self.batch(digits)
        let deviation = digits.normalization.standardDeviation[0]
        for (units, radius) in [(Attack.Units.normalised, 24.0), (.pixels, 24 / (255 * deviation))]
        {
            let attack = Attack.projectedGradient(
                epsilon: 24,
                steps: 5,
                units: units,
                startSeed: 4
            )
            let found = try attack.examples(
                from: input,
                labels: labels,
                against: Subjects.network(),
                normalization: digits.normalization
            )
            let reach = try Tensor.full([1], radius)
            let ball = try Interval(around: input, radius: reach)
            #expect(try ball.projected(found).isEqual(to: found))
            #expect(try found.largestDifference(to: input) > 0.9 * radius)
            let original = try input.doubles
            let valid = try #require(original.min())...#require(original.max())
            #expect(try found.doubles.allSatisfy(valid.contains) == (units == .pixels))
        }
    }

    @Test("FGSM takes ε times the 1-norm of the weights' difference off a linear model's margin")
    func linear() throws {
        let model = try Subjects.linear(inputs: 7, classes: 2)
        let input = try Subjects.numbers([9, 7], seed: 1)
        let labels = try Tensor([0, 1, 0, 1, 0, 1, 0, 1, 0] as [Int64])
        let weight = try #require(model.parameters().first).detached()
        let norm = try (weight.rows(0, count: 1) - weight.rows(1, count: 1)).absolute().sum().item()
        func margins(_ input: Tensor) throws -> [Double] {
            let logits = try withoutGradients { try model(input, ForwardPass()).doubles }
            return try labels.scalars(as: Int64.self).enumerated().map { row, label in
                let difference = logits[2 * row] - logits[2 * row + 1]
                return label == 0 ? difference : -difference
            }
        }
        let before = try margins(input)
        for loss in MixupLoss.allCases {
            let fgsm = Attack.fastGradientSign(epsilon: 0.3, loss: loss)
            let pgd = Attack.projectedGradient(epsilon: 0.3, steps: 9, loss: loss, startSeed: 2)
            for attack in [fgsm, pgd] {
                let found = try attack.examples(
                    from: input,
                    labels: labels,
                    against: model,
                    precision: .float64
                )
                for (after, before) in zip(try margins(found), before) {
                    #expect(abs(before - 0.3 * norm - after) < 1e-12)
                }
            }
        }
    }

    @Test("A step of FGSM raises the loss of a linear model of several classes")
    func convex() throws {
        let model = try Subjects.linear(inputs: 6, classes: 4)
        let input = try Subjects.numbers([40, 6], seed: 2)
        let labels = try Tensor((0..<40).map { Int64($0 % 4) })
        let targets = try labels.oneHot(classCount: 4, dtype: .float64)
        func losses(_ input: Tensor) throws -> [Double] {
            try withoutGradients {
                let logits = try model(input, ForwardPass())
                return try (targets * logits.logSoftmax()).sum([1]).doubles.map { -$0 }
            }
        }
        let attack = Attack.fastGradientSign(epsilon: 0.05)
        let found = try attack.examples(
            from: input,
            labels: labels,
            against: model,
            precision: .float64
        )
        #expect(zip(try losses(found), try losses(input)).allSatisfy { $0 > $1 })
    }

    @Test("What the authors called PGD walks ε a step, out of the ball")
    func authors() throws {
        let model = try Subjects.linear(inputs: 5, classes: 2)
        let input = try Subjects.numbers([3, 5], seed: 3)
        let found = try Attack.unbounded(steps: 20, stepSize: 0.03).examples(
            from: input,
            labels: Tensor([0, 1, 1] as [Int64]),
            against: model,
            precision: .float64
        )
        // The gradient of a linear model of two classes never changes its signs.
        #expect(try (found - input).absolute().doubles.allSatisfy { abs($0 - 0.6) < 1e-12 })
    }

    @Test("An attack leaves parameters, their gradients and running statistics alone")
    func leavesTheModelAlone() throws {
        let model = try MLP(
            inputShape: [1, 8, 8],
            widths: [10],
            classCount: 10,
            dropout: 0.5,
            batchNorm: true,
            generator: Generator(seed: 1)
        )
        let before = try model.stateDictionary().map { try $0.tensor.clone() }
        let (input, labels) = try Self.batch(Subjects.digits())
        let attack = Attack.projectedGradient(epsilon: 0.1, steps: 2)
        let first = try attack.examples(from: input, labels: labels, against: model)
        for parameter in model.parameters() {
            #expect(try parameter.gradient == nil)
            #expect(try parameter.requiresGradient)
        }
        for (tensor, old) in zip(model.stateDictionary().map(\.tensor), before) {
            #expect(try tensor.isEqual(to: old))
        }
        // Dropout, or statistics of the batch, would make another example of it.
        let second = try attack.examples(
            from: input.rows(0, count: 1),
            labels: labels.rows(0, count: 1),
            against: model
        )
        #expect(try second.largestDifference(to: first.rows(0, count: 1)) < 1e-6)
    }

    @Test("A random start is decided by the seed and the example's index")
    func randomStart() throws {
        let (input, labels) = try Self.batch(Subjects.digits(8))
        func found(_ seed: UInt64, _ rows: Range<Int>) throws -> Tensor {
            let attack = Attack(epsilon: 0.5, stepSize: 0, steps: 1, startSeed: seed)
            return try attack.examples(
                from: input.rows(rows.lowerBound, count: rows.count),
                labels: labels.rows(rows.lowerBound, count: rows.count),
                against: Subjects.network(),
                firstIndex: rows.lowerBound
            )
        }
        let all = try found(1, 0..<8)
        #expect(try found(1, 3..<5).isEqual(to: all.rows(3, count: 2)))
        #expect(try found(2, 0..<8).largestDifference(to: all) > 0.1)
        let offsets = try (all - input).doubles
        #expect(try #require(offsets.max()) > 0.45)
        #expect(try #require(offsets.min()) < -0.45)
        #expect(abs(offsets.reduce(0, +) / Double(offsets.count)) < 0.05)
    }

    @Test(
        "Settings that cannot be are refused in one line",
        arguments: [
            Attack.fastGradientSign(epsilon: -1), .fastGradientSign(epsilon: .nan),
            .fastGradientSign(epsilon: .infinity), .projectedGradient(epsilon: 1, steps: 0),
            .unbounded(stepSize: -0.1), Attack(epsilon: nil, stepSize: 1, steps: 1, startSeed: 1),
        ]
    )
    func refused(attack: Attack) throws {
        let error = #expect(throws: MixupError.self) { try attack.check() }
        #expect(error?.message.contains("\n") == false)
    }
}
