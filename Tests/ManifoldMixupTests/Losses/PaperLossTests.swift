import Foundation
import LibTorch
import ManifoldMixup
import Testing

@Suite("The paper's binary cross entropy")
struct PaperLossTests {
    private let loss = MixupLoss.paperBinaryCrossEntropy

    @Test("It is the binary cross entropy of the softmax, averaged over batch × classes")
    func definition() throws {
        let logits = try normal([6, 4], seed: 1, dtype: .float64)
        let targets = try normal([6, 4], seed: 2, dtype: .float64).softmax()
        let terms = try zip(numbers(logits.softmax()), numbers(targets)).map { p, t in
            -(t * log(p) + (1 - t) * log(1 - p))
        }
        #expect(abs(try loss(logits, targets).item() - terms.reduce(0, +) / 24) < 1e-14)
    }

    @Test("Equal logits and one-hot targets give its closed form", arguments: [2, 10, 100])
    func equalLogits(classCount: Int) throws {
        let count = Double(classCount)
        let targets = try oneHotTargets(5, classCount: classCount, dtype: .float64)
        let found = try loss(.zeros([5, classCount], dtype: .float64), targets).item()
        let expected = (log(count) - (count - 1) * log(1 - 1 / count)) / count
        #expect(abs(found - expected) < 1e-14)
    }

    @Test("It is not cross entropy, and about C times smaller")
    func notCrossEntropy() throws {
        let logits = try normal([50, 10], seed: 1, dtype: .float64)
        let targets = try oneHotTargets(50, classCount: 10, dtype: .float64)
        let binary = try loss(logits, targets).item()
        let soft = try MixupLoss.softCrossEntropy(logits, targets).item()
        #expect(binary < soft / 5)
        #expect(binary > soft / 20)
    }

    @Test(
        "Logits of any size give a finite loss and finite gradients",
        arguments: MixupLoss.allCases
    )
    func extremeLogits(loss: MixupLoss) throws {
        for size in [60.0, 1e4, 1e30] {
            let logits = try (oneHotTargets(4, classCount: 3) * size).detached()
            try logits.requiringGradient()
            // The labels are right for rows 0 and 3 only.
            let targets = try Tensor([0, 2, 1, 0] as [Int64]).oneHot(classCount: 3)
            let value = try loss(logits, targets)
            #expect(try value.item().isFinite)
            try value.backward()
            let gradient = try #require(try logits.gradient)
            #expect(try numbers(gradient).allSatisfy(\.isFinite))
        }
    }
}
