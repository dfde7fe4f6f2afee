/// The part of a checkpoint that is not tensors.
struct CheckpointState: Codable, Equatable {
    /// The layout of the checkpoint; a reader refuses others.
    var format = 1
    /// How far the training was.
    let position: TrainingPosition
    /// The lowest test error so far, and where it was.
    let best: BestEpoch?
    /// The SHA-1 of the run's recipe file; a changed recipe would continue another training.
    let recipe: String
    /// The number of training examples, for the same reason.
    let exampleCount: Int
    /// The number of threads; another number may round differently.
    let threadCount: Int
    /// The version of libtorch, likewise.
    let libTorch: String
}

/// The epoch with the lowest test error.
public struct BestEpoch: Sendable, Codable, Equatable {
    /// The number of complete epochs.
    public let epoch: Int
    /// The share of wrong test examples, in 0...1.
    public let error: Double
    /// The mean negative log likelihood on the test set.
    public let negativeLogLikelihood: Double

    enum CodingKeys: String, CodingKey {
        case epoch, error
        case negativeLogLikelihood = "nll"
    }
}
