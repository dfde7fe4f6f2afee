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

/// Examples of a minibatch, as tensors on a device when somebody asks for them.
struct TensorBatch {
    let minibatch: Minibatch
    /// So many examples count, the first ones of the minibatch.
    let count: Int
    let classCount: Int
    let dtype: DType
    let device: Device

    /// - Parameter count: so many examples count, the first ones; all unless told.
    init(
        _ minibatch: Minibatch,
        count: Int? = nil,
        classCount: Int,
        dtype: DType,
        device: Device = .cpu
    ) {
        self.minibatch = minibatch
        self.count = count ?? minibatch.labels.count
        self.classCount = classCount
        self.dtype = dtype
        self.device = device
    }

    /// [N, …], normalised.
    func input() throws -> Tensor {
        try Tensor(minibatch.features, shape: minibatch.shape, device: device)
            .to(dtype).rows(0, count: count)
    }

    /// [N], int64, on the CPU.
    func labels() throws -> Tensor { try Tensor(Array(minibatch.labels.prefix(count))) }

    /// The labels as rows with a single one, [N, C].
    func targets() throws -> Tensor {
        // A label that is no class is an error on the CPU, and the end of a CUDA device's work.
        try labels().oneHot(classCount: classCount, dtype: dtype).to(device)
    }
}
