import LibTorch
import MixupData

/// The arithmetic of a training.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// Single precision throughout.
    case float32
    /// Double precision throughout, for checks.
    case float64
    /// Matrix products in bfloat16, weights and everything else in single precision.
    case bfloat16

    /// The type of weights and inputs.
    public var dtype: DType { self == .float64 ? .float64 : .float32 }
}

/// One minibatch as tensors.
struct TensorBatch {
    /// [N, …], normalised.
    let input: Tensor
    /// The labels as rows with a single one, [N, C].
    let targets: Tensor
    /// [N], int64, on the CPU.
    let labels: Tensor

    /// Puts the minibatch on a device.
    init(_ minibatch: Minibatch, classCount: Int, dtype: DType, device: Device = .cpu) throws {
        input = try Tensor(minibatch.features, shape: minibatch.shape, device: device).to(dtype)
        labels = try Tensor(minibatch.labels)
        // A label that is no class is an error on the CPU, and the end of a CUDA device's work.
        targets = try labels.oneHot(classCount: classCount, dtype: dtype).to(device)
    }
}
