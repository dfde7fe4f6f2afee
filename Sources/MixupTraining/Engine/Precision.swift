import LibTorch

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

    init(
        features: [Float],
        shape: [Int],
        labels: [Int64],
        classCount: Int,
        dtype: DType
    ) throws {
        input = try Tensor(features, shape: shape).to(dtype)
        self.labels = try Tensor(labels)
        targets = try self.labels.oneHot(classCount: classCount, dtype: dtype)
    }
}
