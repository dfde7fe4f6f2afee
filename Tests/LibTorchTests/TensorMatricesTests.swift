import LibTorch
import Testing

@Suite("Decompositions of matrices")
struct TensorMatricesTests {
    @Test("The singular values of a diagonal matrix are the sizes of its entries, sorted")
    func diagonal() throws {
        let matrix = try Tensor([3.0, 0, 0, 0, -5, 0], shape: [2, 3])
        let values = try matrix.singularValues().scalars(as: Double.self)
        #expect(abs(values[0] - 5) < 1e-12 && abs(values[1] - 3) < 1e-12)
    }

    @Test("U, values and Vᵀ give the matrix back, with orthonormal vectors")
    func reconstruction() throws {
        let matrix = try Tensor.zeros([7, 4], dtype: .float64)
        try Generator(seed: 5).fillNormal(matrix)
        let (left, values, right) = try matrix.singularValueDecomposition()
        let back = try (left * values).matrixProduct(right)
        #expect(try (back - matrix).absolute().scalars(as: Double.self).max() ?? 1 < 1e-12)
        let identity = try Tensor([0, 1, 2, 3] as [Int64]).oneHot(classCount: 4, dtype: .float64)
        for gram in [
            try left.transposed().matrixProduct(left), try right.matrixProduct(right.transposed()),
        ] {
            #expect(try (gram - identity).absolute().scalars(as: Double.self).max() ?? 1 < 1e-12)
        }
    }

    @Test("What is not a matrix is refused")
    func refused() throws {
        #expect(throws: TorchError.self) { try Tensor([1.0, 2]).singularValues() }
    }
}
