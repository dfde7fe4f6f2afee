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
    /// [N], int64.
    let labels: Tensor

    init(_ minibatch: Minibatch, classCount: Int, dtype: DType) throws {
        input = try Tensor(minibatch.features, shape: minibatch.shape).to(dtype)
        labels = try Tensor(minibatch.labels)
        targets = try labels.oneHot(classCount: classCount, dtype: dtype)
    }
}
