import Foundation
import LibTorch
import ManifoldMixup
import Testing

@Suite("The entropy floor")
struct EntropyFloorTests {
    /// Mixed targets with at least a little of everything, so that log(targets) is finite.
    private func softTargets(seed: UInt64) throws -> Tensor {
        try normal([8, 5], seed: seed, dtype: .float64).softmax()
    }

    @Test("No logits give a loss below it", arguments: MixupLoss.allCases)
    func lowerBound(loss: MixupLoss) throws {
        for seed in UInt64(1)...50 {
            let targets = try softTargets(seed: seed)
            let near = try targets.log() + normal([8, 5], seed: 100 + seed, dtype: .float64) * 0.01
            let far = try normal([8, 5], seed: 200 + seed, dtype: .float64) * 3
            let floor = try loss.floor(of: targets)
            #expect(floor > 0)
            for logits in [near, far] {
                #expect(try loss(logits, targets).item() > floor)
            }
        }
    }

    @Test(
        "The loss is at it where the softmax equals the targets, and its gradient is 0 there",
        arguments: MixupLoss.allCases
    )
    func equality(loss: MixupLoss) throws {
        let targets = try softTargets(seed: 1)
        let logits = try (targets.log() + 3).detached().requiringGradient()
        let value = try loss(logits, targets)
        #expect(abs(try value.item() - loss.floor(of: targets)) < 1e-14)
        try value.backward()
        let gradient = try #require(try logits.gradient)
        #expect(try numbers(gradient).allSatisfy { abs($0) < 1e-15 })
    }

    @Test("It is 0 for one-hot targets and the entropy of λ for two mixed ones")
    func closedForms() throws {
        let oneHot = try oneHotTargets(6, classCount: 10, dtype: .float64)
        let draw = MixDraw(layer: 0, lambdas: [0.3], pairing: try .partners([1, 2, 3, 4, 5, 0]))
        let entropy = -0.3 * log(0.3) - 0.7 * log(0.7)
        for (loss, share) in [(MixupLoss.softCrossEntropy, 1.0), (.paperBinaryCrossEntropy, 0.2)] {
            #expect(try loss.floor(of: oneHot) == 0)
            #expect(abs(try loss.floor(of: draw.mixed(oneHot)) - share * entropy) < 1e-14)
        }
    }

    @Test(
        "Its expectation is ψ(2α + 1) − ψ(α + 1) for pairs of different classes",
        arguments: [
            (0.2, 0.2277, 5e-5), (0.5, 0.38629436111989062, 1e-12), (1.0, 0.5, 1e-12),
            (2.0, 7.0 / 12, 1e-12), (4.0, 533.0 / 840, 1e-12),
        ]
    )
    func expectation(alpha: Double, entropy: Double, accuracy: Double) throws {
        for classCount in [2, 10, 100] {
            let different = 1 - 1 / Double(classCount)
            for (loss, share) in [
                (MixupLoss.softCrossEntropy, 1), (.paperBinaryCrossEntropy, 2 / Double(classCount)),
            ] {
                let found = try loss.expectedFloor(alpha: alpha, classCount: classCount)
                #expect(abs(found - different * share * entropy) < accuracy)
            }
        }
    }

    @Test("With the paper's α = 2 it is 0.525 and 0.105 for 10 classes, 0.5775 and 0.01155 for 100")
    func paperSettings() throws {
        for (loss, classCount, expected) in [
            (MixupLoss.softCrossEntropy, 10, 0.525), (.softCrossEntropy, 100, 0.5775),
            (.paperBinaryCrossEntropy, 10, 0.105), (.paperBinaryCrossEntropy, 100, 0.01155),
        ] {
            let found = try loss.expectedFloor(alpha: 2, classCount: classCount)
            #expect(abs(found - expected) < 1e-12)
        }
    }

    @Test(
        "Its expectation is the mean of the floors of mixed minibatches",
        arguments: [0.2, 0.5, 1, 2, 4]
    )
    func monteCarlo(alpha: Double) throws {
        let count = 20000
        let mixup = try Mixup(
            alpha: alpha,
            eligibleLayers: EligibleLayers([0]),
            lambdaScope: .sample
        )
        let oneHot = try oneHotTargets(count, classCount: 10, dtype: .float64)
        let draw = try mixup.draw(batchSize: count, streams: RandomStreams(seed: 1))
        let targets = try draw.mixed(oneHot)
        for loss in MixupLoss.allCases {
            let found = try loss.floor(of: targets)
            let expected = try loss.expectedFloor(alpha: alpha, classCount: 10)
            // The entropy of a pair is at most log 2, so its deviation is below 0.35.
            let scale = loss == .softCrossEntropy ? 1 : 0.2
            #expect(abs(found - expected) < 4.5 * 0.35 * scale / Double(count).squareRoot())
        }
    }
}
