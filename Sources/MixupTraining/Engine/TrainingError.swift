import Foundation

/// Why a training cannot start or go on; the message is one line.
public enum TrainingError: Error, LocalizedError, CustomStringConvertible, Equatable {
    /// The loss was infinite or not a number.
    case lossNotFinite(epoch: Int, step: Int)
    /// The norm of the gradient, which was to be clipped, was infinite or not a number.
    case gradientNotFinite(step: Int)
    /// A weight was infinite or not a number after a step.
    case weightsNotFinite(step: Int)
    /// Settings that contradict each other or the data.
    case impossible(String)

    /// The message.
    public var description: String {
        switch self {
        case .lossNotFinite(let epoch, let step):
            "the loss is not a finite number in epoch \(epoch), step \(step); \(Self.cure)"
        case .gradientNotFinite(let step):
            "the gradient is not a finite number in step \(step); \(Self.cure)"
        case .weightsNotFinite(let step):
            "the weights are not finite numbers after step \(step); \(Self.cure)"
        case .impossible(let message):
            message
        }
    }

    private static let cure =
        "try a smaller learning rate, a warm-up, or look for broken values in the data"

    /// The message.
    public var errorDescription: String? { description }
}
