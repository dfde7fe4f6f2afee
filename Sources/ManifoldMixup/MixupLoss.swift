import Foundation
import LibTorch

/// The losses for targets that are probabilities, mixed or not.
public enum MixupLoss: String, Sendable, Codable, CaseIterable {
    /// −Σ_c ỹ_c · log softmax(z)_c, averaged over the batch.
    case softCrossEntropy = "soft-cross-entropy"
    /// Binary cross entropy between softmax(z) and ỹ, averaged over batch × classes: what the authors
    /// trained with. Its gradients are about C times smaller, so learning rates do not carry over.
    case paperBinaryCrossEntropy = "paper-bce"

    /// The loss, one number.
    ///
    /// - Parameters:
    ///   - logits: [N, C].
    ///   - targets: probabilities [N, C].
    public func callAsFunction(_ logits: Tensor, _ targets: Tensor) throws -> Tensor {
        let (shape, targetShape) = (try logits.shape, try targets.shape)
        guard shape == targetShape, shape.count == 2 else {
            throw MixupError(
                "logits of shape \(shape) and targets of shape \(targetShape) do not fit; both must "
                    + "be [N, C], one column per class"
            )
        }
        switch self {
        case .softCrossEntropy:
            return try -(targets * logits.logSoftmax()).sum([1]).mean()
        case .paperBinaryCrossEntropy:
            return try logits.softmax().binaryCrossEntropy(targets: targets)
        }
    }

    /// The smallest value that the loss can take on these targets: their entropy, which is 0 only
    /// without mixing.
    ///
    /// - Parameter targets: probabilities [N, C].
    public func floor(of targets: Tensor) throws -> Double {
        let entropy = try -targets.timesLog(of: targets)
        switch self {
        case .softCrossEntropy:
            return try entropy.sum([1]).mean().item()
        case .paperBinaryCrossEntropy:
            let rest = try -targets + 1
            return try (entropy - rest.timesLog(of: rest)).mean().item()
        }
    }

    /// The expectation of ``floor(of:)`` for λ ~ Beta(α, α) and balanced classes.
    ///
    /// The expected entropy of (λ, 1 − λ) is ψ(2α + 1) − ψ(α + 1); partners of the same class, one in
    /// `classCount`, have none.
    public func expectedFloor(alpha: Double, classCount: Int) throws -> Double {
        let digamma = try Tensor([2 * alpha + 1, alpha + 1]).digamma().scalars(as: Double.self)
        let entropy = (1 - 1 / Double(classCount)) * (digamma[0] - digamma[1])
        switch self {
        case .softCrossEntropy: return entropy
        case .paperBinaryCrossEntropy: return 2 * entropy / Double(classCount)
        }
    }
}
