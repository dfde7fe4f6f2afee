internal import CLibTorch
import Foundation

/// An array of numbers with a shape, on which libtorch computes and records gradients.
///
/// A tensor owns one libtorch handle and frees it with the last reference. Tensors are not `Sendable`:
/// keep them on the thread that trains, and hand bytes from one thread to another.
public final class Tensor {
    let handle: clt_tensor

    /// Takes over a handle that the boundary gave out.
    init(consuming handle: clt_tensor) {
        self.handle = handle
    }

    deinit {
        clt_tensor_free(handle)
    }

    /// Creates a tensor with a copy of `scalars`, in row-major order.
    ///
    /// - Throws: `TorchError` if the shape does not hold exactly as many elements, or the device is not
    ///   there.
    public convenience init<Scalar: TensorScalar>(
        _ scalars: [Scalar],
        shape: [Int],
        device: Device = .cpu
    ) throws {
        self.init(
            consuming: try scalars.withUnsafeBytes {
                try Tensor.handle(bytes: $0, shape: shape, dtype: Scalar.dtype, device: device)
            }
        )
    }

    /// Creates a tensor with one dimension.
    public convenience init<Scalar: TensorScalar>(
        _ scalars: [Scalar],
        device: Device = .cpu
    ) throws {
        try self.init(scalars, shape: [scalars.count], device: device)
    }

    /// Creates a tensor with a copy of raw bytes in the machine's byte order.
    public convenience init(
        bytes: UnsafeRawBufferPointer,
        shape: [Int],
        dtype: DType
    ) throws {
        self.init(
            consuming: try Tensor.handle(bytes: bytes, shape: shape, dtype: dtype, device: .cpu)
        )
    }

    private static func handle(
        bytes: UnsafeRawBufferPointer,
        shape: [Int],
        dtype: DType,
        device: Device
    ) throws -> clt_tensor {
        var handle = clt_tensor(impl: nil)
        let sizes = shape.map(Int64.init)
        try check(
            clt_from_bytes(
                bytes.baseAddress,
                Int64(bytes.count),
                sizes,
                Int32(sizes.count),
                dtype.code,
                device.code,
                &handle
            )
        )
        return handle
    }

    /// A tensor whose elements all have one value.
    public static func full(
        _ shape: [Int],
        _ value: Double,
        dtype: DType = .float32,
        device: Device = .cpu
    ) throws -> Tensor {
        let sizes = shape.map(Int64.init)
        let place = device.code
        return try Tensor.make { clt_full(sizes, Int32(sizes.count), value, dtype.code, place, $0) }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int],
        dtype: DType = .float32,
        device: Device = .cpu
    ) throws -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(
        _ shape: [Int],
        dtype: DType = .float32,
        device: Device = .cpu
    ) throws -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// The length of each dimension.
    public var shape: [Int] {
        get throws {
            try withExtendedLifetime(self) {
                var rank: Int32 = 0
                try check(clt_rank(handle, &rank))
                var sizes = [Int64](repeating: 0, count: Int(rank))
                try check(clt_sizes(handle, &sizes, rank))
                return sizes.map(Int.init)
            }
        }
    }

    /// The number of elements.
    public var elementCount: Int {
        get throws {
            let shape = try shape
            // Without elements the other lengths are arbitrary, and their product may overflow.
            return shape.contains(0) ? 0 : shape.reduce(1, *)
        }
    }

    /// The type of the elements.
    public var dtype: DType {
        get throws {
            try withExtendedLifetime(self) {
                var code = CLT_UINT8
                try check(clt_dtype_of(handle, &code))
                return try DType(code: code)
            }
        }
    }

    /// The elements in row-major order.
    ///
    /// - Throws: `TorchError` if the elements are of another type; convert with `to(_:)` first.
    public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) throws -> [Scalar]
    {
        guard try dtype == Scalar.dtype else {
            throw TorchError("the tensor holds \(try dtype), not \(Scalar.dtype)")
        }
        let count = try elementCount
        return try [Scalar](unsafeUninitializedCapacity: count) { buffer, initialized in
            try copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Copies the elements, in row-major order and the machine's byte order.
    ///
    /// - Throws: `TorchError` if the buffer has not exactly the tensor's size.
    public func copyBytes(to buffer: UnsafeMutableRawBufferPointer) throws {
        try withExtendedLifetime(self) {
            try check(clt_copy_bytes(handle, buffer.baseAddress, Int64(buffer.count)))
        }
    }

    /// The elements themselves, in row-major order, not a copy.
    ///
    /// For code that computes in place. The memory belongs to the tensor: it is there as long as the
    /// tensor lives, and until its memory format changes. What is written into it is not recorded for
    /// a backward pass.
    ///
    /// - Throws: `TorchError` if the elements are of another type, or do not lie one after the other
    ///   on the host.
    public func unsafeMutableElements<Scalar: TensorScalar>(
        as type: Scalar.Type = Scalar.self
    ) throws -> UnsafeMutableBufferPointer<Scalar> {
        try withExtendedLifetime(self) {
            var memory: UnsafeMutableRawPointer?
            var count: Int64 = 0
            try check(clt_elements(handle, Scalar.dtype.code, &memory, &count))
            return UnsafeMutableBufferPointer(
                start: memory?.assumingMemoryBound(to: Scalar.self),
                count: Int(count)
            )
        }
    }

    /// The value of a tensor with one element.
    public func item() throws -> Double {
        try withExtendedLifetime(self) {
            var value = 0.0
            try check(clt_item(handle, &value))
            return value
        }
    }

    /// Whether shape, element type and every element agree.
    public func isEqual(to other: Tensor) throws -> Bool {
        try withExtendedLifetime((self, other)) {
            var result = false
            try check(clt_is_equal(handle, other.handle, &result))
            return result
        }
    }
}

// How the other files call the boundary. An object may be released after its last use in Swift, and
// the use of its handle in C is not visible there: the operands are kept alive explicitly.
extension Tensor {
    static func make(_ operation: (UnsafeMutablePointer<clt_tensor>) -> clt_status) throws -> Tensor
    {
        var result = clt_tensor(impl: nil)
        try check(operation(&result))
        return Tensor(consuming: result)
    }

    func unary(
        _ operation: (clt_tensor, UnsafeMutablePointer<clt_tensor>) -> clt_status
    ) throws -> Tensor {
        try withExtendedLifetime(self) { try Tensor.make { operation(handle, $0) } }
    }

    func binary(
        _ other: Tensor,
        _ operation: (clt_tensor, clt_tensor, UnsafeMutablePointer<clt_tensor>) -> clt_status
    ) throws -> Tensor {
        try withExtendedLifetime((self, other)) {
            try Tensor.make { operation(handle, other.handle, $0) }
        }
    }
}
