import Foundation
import LibTorch
import ManifoldMixup
import Testing

@Suite("Soft cross entropy")
struct SoftCrossEntropyTests {
    private let loss = MixupLoss.softCrossEntropy

    @Test("With one-hot targets it is the mean of −log softmax at the label")
    func oneHot() throws {
        let logits = try normal([6, 4], seed: 1, dtype: .float64)
        let targets = try oneHotTargets(6, classCount: 4, dtype: .float64)
        let expected = try rows(logits).enumerated().map { row, values in
            log(values.map(exp).reduce(0, +)) - values[row % 4]
        }
        let found = try loss(logits, targets).item()
        #expect(abs(found - expected.reduce(0, +) / 6) < 1e-14)
    }

    // timm #46: which of the two is computed.
    @Test(
        "On mixed targets it equals λ · CE(own label) + (1 − λ) · CE(partner's label)",
        arguments: [0, 0.1, 0.5, 0.8, 1]
    )
    func twoTerms(lambda: Double) throws {
        let logits = try normal([6, 4], seed: 1, dtype: .float64)
        let own = try oneHotTargets(6, classCount: 4, dtype: .float64)
        let draw = MixDraw(
            layer: 0,
            lambdas: [lambda],
            pairing: .permutation(try Generator(seed: 2).permutation(6))
        )
        let partner = try own.rows(Tensor(draw.partners.map(Int64.init)))
        let mixedLoss = try loss(logits, draw.mixed(own)).item()
        let terms =
            try lambda * loss(logits, own).item() + (1 - lambda) * loss(logits, partner).item()
        #expect(abs(mixedLoss - terms) < 1e-14)
    }

    // fastai #3183, #2286: the reduction was lost.
    @Test("It is a mean over the batch: the same batch twice has the same loss")
    func batchMean() throws {
        let logits = try normal([3, 4], seed: 1, dtype: .float64)
        let targets = try oneHotTargets(3, classCount: 4, dtype: .float64)
        for loss in MixupLoss.allCases {
            let once = try loss(logits, targets)
            #expect(try once.shape.isEmpty)
            let twice = try loss(
                .concatenated([logits, logits]),
                .concatenated([targets, targets])
            )
            #expect(abs(try once.item() - twice.item()) < 1e-14)
            let alone = try (0..<3).map { row in
                try loss(logits.rows(row, count: 1), targets.rows(row, count: 1)).item()
            }
            #expect(abs(try once.item() - alone.reduce(0, +) / 3) < 1e-14)
        }
    }

    @Test("Equal logits give log C, and a constant added to a row's logits changes nothing")
    func invariance() throws {
        let targets = try oneHotTargets(4, classCount: 4, dtype: .float64)
        let flat = try loss(.zeros([4, 4], dtype: .float64), targets).item()
        #expect(abs(flat - log(4)) < 1e-15)
        let logits = try normal([4, 4], seed: 1, dtype: .float64)
        let shift = try normal([4, 1], seed: 2, dtype: .float64)
        for loss in MixupLoss.allCases {
            let difference = try loss(logits, targets).item() - loss(logits + shift, targets).item()
            #expect(abs(difference) < 1e-14)
        }
    }

    @Test("Logits and targets that do not fit are a one-line error that names both shapes")
    func misfit() throws {
        for (shape, targetShape) in [
            ([4, 3], [4, 2]), ([4, 3], [3, 3]), ([4, 3], [4]), ([4], [4]), ([4, 3], [1, 3]),
            ([2, 4, 3], [2, 4, 3]),
        ] {
            for loss in MixupLoss.allCases {
                let message = messageOfError {
                    _ = try loss(.zeros(shape), .zeros(targetShape))
                }
                #expect(message.contains("\(shape)") && message.contains("\(targetShape)"))
            }
        }
    }
}
