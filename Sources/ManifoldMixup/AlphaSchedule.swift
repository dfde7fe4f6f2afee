/// The course of α, and with it of the distribution of λ, over the epochs of a training.
public struct AlphaSchedule: Sendable, Equatable {
    /// The distribution in the first epoch.
    public let initial: SymmetricBeta
    /// The distribution in the last epoch that is mixed.
    public let final: SymmetricBeta

    /// Creates a course along a straight line, one step an epoch.
    ///
    /// - Parameters:
    ///   - alpha: α in the first epoch.
    ///   - finalAlpha: α in the last epoch that is mixed; `nil` for the same α throughout.
    /// - Throws: `MixupError` unless both are finite and positive.
    public init(alpha: Double, finalAlpha: Double? = nil) throws {
        initial = try SymmetricBeta(alpha: alpha)
        final = try SymmetricBeta(alpha: finalAlpha ?? alpha)
    }

    /// The distribution in one epoch.
    public func distribution(at progress: MixingProgress) throws -> SymmetricBeta {
        let fraction = progress.fraction
        guard initial != final, fraction > 0 else { return initial }
        guard fraction < 1 else { return final }
        return try SymmetricBeta(
            alpha: initial.alpha + fraction * (final.alpha - initial.alpha)
        )
    }
}

/// How far a training is when a minibatch is drawn.
public struct MixingProgress: Sendable, Equatable {
    /// The number of complete epochs.
    public let epoch: Int
    /// The number of epochs in all.
    public let epochs: Int

    /// Creates the progress of a training; without arguments, that of one with a single epoch.
    public init(epoch: Int = 0, of epochs: Int = 1) {
        self.epoch = epoch
        self.epochs = epochs
    }

    /// 0 in the first epoch, 1 in the last, and equal steps in between.
    public var fraction: Double {
        guard epochs > 1 else { return 0 }
        return min(max(Double(epoch) / Double(epochs - 1), 0), 1)
    }
}
