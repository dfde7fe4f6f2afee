import Foundation

/// Why a training cannot start or go on; the message is one line.
public enum TrainingError: Error, LocalizedError, CustomStringConvertible, Equatable {
    /// The loss was infinite or not a number.
    case notFinite(epoch: Int, step: Int)
    /// Settings that contradict each other or the data.
    case impossible(String)

    /// The message.
    public var description: String {
        switch self {
        case .notFinite(let epoch, let step):
            "the loss is not a finite number in epoch \(epoch), step \(step); try a smaller learning "
                + "rate, a warm-up, or look for broken values in the data"
        case .impossible(let message):
            message
        }
    }

    /// The message.
    public var errorDescription: String? { description }
}
