import LibTorch
import ManifoldMixup
import MixupModels
import Testing

/// A network to train, with or without what is random or depends on the batch.
struct Variation: Sendable, CustomTestStringConvertible {
    let dropout: Double
    let batchNorm: Bool

    static let all = [false, true].flatMap { batchNorm in
        [0, 0.5].map { Variation(dropout: $0, batchNorm: batchNorm) }
    }

    var testDescription: String {
        "dropout \(dropout), \(batchNorm ? "with" : "without") batch norm"
    }

    /// An MLP 6 → 8 → 7 → 5 with weights that depend on nothing else.
    func model() throws -> MLP {
        try MLP(
            inputShape: [6],
            widths: [8, 7],
            classCount: 5,
            dropout: dropout,
            batchNorm: batchNorm,
            generator: Generator(seed: 1)
        )
    }

    /// Trains a fresh model for a few steps, on the same minibatches and with the same dropout in
    /// every call, and returns all that it has learned.
    func weightsAfterTraining(
        _ pass: (MLP, Tensor, Tensor, Generator) throws -> (logits: Tensor, targets: Tensor)
    ) throws -> [String: [UInt8]] {
        let model = try model()
        let optimizer = try SGD(model)
        let dropoutGenerator = try Generator(seed: 2)
        for step in 0..<6 {
            let input = try normal([9, 6], seed: 10 + UInt64(step))
            let targets = try oneHotTargets(9, classCount: 5)
            let (logits, mixed) = try pass(model, input, targets, dropoutGenerator)
            try optimizer.step(minimizing: MixupLoss.softCrossEntropy(logits, mixed))
        }
        return try bytes(model)
    }
}
