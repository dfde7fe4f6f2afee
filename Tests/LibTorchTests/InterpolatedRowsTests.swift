import LibTorch
import Testing

@Suite("Interpolated rows")
struct InterpolatedRowsTests {
    private let order: [Int64] = [2, 0, 3, 1]

    private func rows() throws -> Tensor {
        try Tensor((0..<12).map { Double($0 * $0) }, shape: [4, 3])
    }

    @Test("Each row is weighted against the row of its partner")
    func values() throws {
        let rows = try rows()
        let mixed = try rows.interpolatedRows(order: Tensor(order), weight: 0.25)
        let expected = try rows * 0.25 + rows.rows(Tensor(order)) * 0.75
        let difference = try (mixed - expected).absolute().scalars(as: Double.self)
        #expect(difference.allSatisfy { $0 < 1e-12 })
    }

    @Test("The gradient is that of the same computation in single operations")
    func gradient() throws {
        let factors = try Tensor((0..<12).map { Double($0) - 4.5 }, shape: [4, 3])
        let one = try rows().requiringGradient()
        try (one.interpolatedRows(order: Tensor(order), weight: 0.3) * factors).sum().backward()
        let other = try rows().requiringGradient()
        try (other.rows(Tensor(order)).interpolated(to: other, weight: 0.3) * factors).sum()
            .backward()
        let found = try #require(try one.gradient).scalars(as: Double.self)
        let expected = try #require(try other.gradient).scalars(as: Double.self)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test(
        "An order that is no permutation of the rows is refused",
        arguments: [[0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 4], [0, 1, 2, -1], [0, 1, 2, 3, 4]]
    )
    func notAPermutation(order: [Int64]) throws {
        #expect(throws: TorchError.self) {
            try rows().interpolatedRows(order: Tensor(order), weight: 0.5)
        }
        #expect(throws: TorchError.self) {
            try rows().interpolatedRows(order: Tensor([0, 1, 2, 3] as [Double]), weight: 0.5)
        }
    }

    @Test("One row and no rows at all are rows too")
    func fewRows() throws {
        let one = try Tensor([1, 2] as [Float], shape: [1, 2])
        let mixed = try one.interpolatedRows(order: Tensor([0] as [Int64]), weight: 0.4)
        #expect(try mixed.isEqual(to: one))
        let none = try Tensor.zeros([0, 2])
        #expect(
            try none.interpolatedRows(order: .zeros([0], dtype: .int64), weight: 1).shape == [0, 2]
        )
    }
}
