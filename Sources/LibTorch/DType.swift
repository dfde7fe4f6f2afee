internal import CLibTorch

/// The type of a tensor's elements.
public enum DType: Int32, Sendable, CaseIterable {
    /// Unsigned bytes.
    case uint8 = 0
    /// Signed 64-bit integers: labels, indices, permutations.
    case int64 = 1
    /// Single precision.
    case float32 = 2
    /// Double precision.
    case float64 = 3
    /// The 16-bit type with the exponent of `float32`.
    case bfloat16 = 4
    /// Truth values.
    case bool = 5

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .uint8, .bool: 1
        case .bfloat16: 2
        case .float32: 4
        case .int64, .float64: 8
        }
    }

    var code: clt_dtype { clt_dtype(rawValue: UInt32(rawValue)) }

    init(code: clt_dtype) throws {
        guard let dtype = DType(rawValue: Int32(code.rawValue)) else {
            throw TorchError("element type \(code.rawValue) is not known")
        }
        self = dtype
    }
}

/// A Swift type that a tensor's elements can be read as and made from.
public protocol TensorScalar: BitwiseCopyable, Sendable {
    /// The element type that holds such values.
    static var dtype: DType { get }
}

extension UInt8: TensorScalar {
    /// Unsigned bytes.
    public static var dtype: DType { .uint8 }
}

extension Int64: TensorScalar {
    /// Signed 64-bit integers.
    public static var dtype: DType { .int64 }
}

extension Float: TensorScalar {
    /// Single precision.
    public static var dtype: DType { .float32 }
}

extension Double: TensorScalar {
    /// Double precision.
    public static var dtype: DType { .float64 }
}
