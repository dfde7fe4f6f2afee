internal import CLibTorch

extension Tensor {
    /// The singular values of a matrix [M, N], in descending order, min(M, N) of them.
    public func singularValues() throws -> Tensor {
        try unary(clt_singular_values)
    }

    /// The singular value decomposition of a matrix [M, N] in its reduced form, with K = min(M, N).
    ///
    /// - Returns: U [M, K] with orthonormal columns, the singular values [K] in descending order, and
    ///   Vᵀ [K, N] with orthonormal rows; the matrix is U · diag(values) · Vᵀ.
    public func singularValueDecomposition() throws -> (
        left: Tensor, values: Tensor, right: Tensor
    ) {
        try withExtendedLifetime(self) {
            var left = clt_tensor(impl: nil)
            var values = clt_tensor(impl: nil)
            var right = clt_tensor(impl: nil)
            try check(clt_singular_value_decomposition(handle, &left, &values, &right))
            return (
                Tensor(consuming: left), Tensor(consuming: values), Tensor(consuming: right)
            )
        }
    }
}
