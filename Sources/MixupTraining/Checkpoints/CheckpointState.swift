import LibTorch

/// The part of a checkpoint that is not tensors.
struct CheckpointState: Codable, Equatable {
    /// The layout that this version writes and reads.
    static let currentFormat = 1

    /// The layout of the checkpoint; a reader refuses others.
    var format = currentFormat
    /// How far the training was.
    let position: TrainingPosition
    /// The best epoch so far.
    let best: BestEpoch?
    /// The SHA-1 of the run's recipe file; a changed recipe would continue another training.
    let recipe: String
    /// The number of training examples, for the same reason.
    let exampleCount: Int
    /// What computed it; anything else may round differently.
    var machine = Machine()
    /// The number of processes that trained together; `nil` for one.
    var rankCount: Int?

    /// What decides the last bits of a result, beside the recipe and the data.
    struct Machine: Codable, Equatable {
        /// The number of threads of an operation.
        var threadCount = LibTorchRuntime.threadCount
        /// The version of libtorch.
        var libTorch = LibTorchRuntime.loadedVersion
        /// The vector instructions that it uses.
        var cpuCapability = LibTorchRuntime.cpuCapability
        /// The vector instructions that the fused engine uses; nothing in checkpoints of versions
        /// without it.
        var kernels: String? = KernelTeam.bestInstructions
        /// The device that it was computed on; nothing for the CPU, and in checkpoints of versions
        /// without others.
        var device: String?

        /// What holds now, on a device.
        init(_ device: Device = .cpu) {
            self.device = device == .cpu ? nil : "\(device)"
        }
    }
}

/// The epoch with the lowest error on the held-out examples, or on the test set without any.
public struct BestEpoch: Sendable, Codable, Equatable {
    /// The number of complete epochs.
    public let epoch: Int
    /// The share of wrong examples, in 0...1.
    public let error: Double
    /// The mean negative log likelihood on the same examples.
    public let negativeLogLikelihood: Double

    enum CodingKeys: String, CodingKey {
        case epoch, error
        case negativeLogLikelihood = "nll"
    }
}
