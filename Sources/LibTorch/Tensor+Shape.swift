internal import CLibTorch

extension Tensor {
    /// The same numbers as another element type; this tensor itself where the type is the same.
    public func to(_ dtype: DType) throws -> Tensor {
        try unary { clt_to_dtype($0, dtype.code, $1) }
    }

    /// A copy with storage of its own.
    public func clone() throws -> Tensor {
        try unary(clt_clone)
    }

    /// Overwrites the elements with those of a tensor of the same shape; not recorded for gradients.
    public func copyElements(from source: Tensor) throws {
        try withExtendedLifetime((self, source)) {
            try check(clt_copy_into(source.handle, handle))
        }
    }

    /// The same elements in another shape; one length may be −1 and is then worked out.
    public func reshaped(_ shape: [Int]) throws -> Tensor {
        let sizes = shape.map(Int64.init)
        return try unary { clt_reshape($0, sizes, Int32(sizes.count), $1) }
    }

    /// All dimensions but the first as one: [N, …] becomes [N, D].
    public func flattenedRows() throws -> Tensor {
        let shape = try shape
        return try reshaped([shape.first ?? 1, shape.dropFirst().reduce(1, *)])
    }

    /// The tensor with two dimensions exchanged.
    public func transposed(_ first: Int = 0, _ second: Int = 1) throws -> Tensor {
        try unary { clt_transpose($0, Int64(first), Int64(second), $1) }
    }

    /// The rows `start ..< start + count` of the first dimension.
    public func rows(_ start: Int, count: Int) throws -> Tensor {
        try unary { clt_narrow($0, 0, Int64(start), Int64(count), $1) }
    }

    /// The rows named by `indices` (int64, [M]) of the first dimension, in that order.
    public func rows(_ indices: Tensor) throws -> Tensor {
        try binary(indices) { clt_index_select($0, 0, $1, $2) }
    }

    /// Tensors joined along their first dimension.
    public static func concatenated(_ tensors: [Tensor]) throws -> Tensor {
        try withExtendedLifetime(tensors) {
            try make { clt_concatenate(tensors.map(\.handle), Int32(tensors.count), 0, $0) }
        }
    }
}
