import Foundation

/// How the learning rate changes over a training, as a pure function of time.
public struct Schedule: Sendable, Equatable {
    /// The shape of the change.
    public enum Shape: Sendable, Equatable {
        /// Always the same.
        case constant
        /// Multiplied by `factor` at the start of each of the epochs in `milestones`.
        case multiStep(milestones: [Int], factor: Double)
        /// Half a cosine from the full rate down to `final`.
        case cosine(final: Double)
        /// A straight line from the full rate down to `final`.
        case linear(final: Double)
    }

    /// The shape of the change.
    public let shape: Shape
    /// The number of first epochs over which the rate rises from zero in a straight line.
    public let warmupEpochs: Double

    /// Creates a schedule.
    public init(_ shape: Shape, warmupEpochs: Double = 0) {
        self.shape = shape
        self.warmupEpochs = warmupEpochs
    }

    /// The learning rate at a time, in epochs and parts of epochs since the start.
    ///
    /// - Parameters:
    ///   - epoch: the time, in 0 ... `epochs`.
    ///   - epochs: the length of the whole training.
    ///   - base: the full rate.
    public func learningRate(at epoch: Double, of epochs: Int, base: Double) -> Double {
        if epoch < warmupEpochs {
            return base * epoch / warmupEpochs
        }
        let length = max(Double(epochs) - warmupEpochs, .leastNormalMagnitude)
        let progress = min((epoch - warmupEpochs) / length, 1)
        switch shape {
        case .constant:
            return base
        case .multiStep(let milestones, let factor):
            return base * pow(factor, Double(milestones.count { Double($0) <= epoch }))
        case .cosine(let final):
            return final + (base - final) * (1 + cos(.pi * progress)) / 2
        case .linear(let final):
            return final + (base - final) * (1 - progress)
        }
    }
}
