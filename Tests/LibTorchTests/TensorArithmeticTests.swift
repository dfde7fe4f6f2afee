import Foundation
import LibTorch
import Testing

@Suite("Tensor arithmetic")
struct TensorArithmeticTests {
    private let values: [Double] = [-2.5, -1, -0.25, 0.5, 1, 3]

    @Test("The four operations work element by element")
    func fourOperations() throws {
        let other: [Double] = [4, -3, 2, -1, 0.5, 7]
        let (a, b) = (try Tensor(values), try Tensor(other))
        #expect(try (a + b).doubles == zip(values, other).map(+))
        #expect(try (a - b).doubles == zip(values, other).map(-))
        #expect(try (a * b).doubles == zip(values, other).map(*))
        #expect(try (a / b).doubles == zip(values, other).map(/))
        #expect(try (a + 1.5).doubles == values.map { $0 + 1.5 })
        #expect(try (a * 1.5).doubles == values.map { $0 * 1.5 })
        #expect(try (-a).doubles == values.map { -$0 })
    }

    @Test("Shapes are broadcast from the last dimension on")
    func broadcasting() throws {
        let matrix = try Tensor([0, 1, 2, 3, 4, 5.0], shape: [2, 3])
        let row = try Tensor([10, 20, 30.0])
        let column = try Tensor([100, 200.0], shape: [2, 1])
        #expect(try (matrix + row).doubles == [10, 21, 32, 13, 24, 35])
        #expect(try (matrix + column).doubles == [100, 101, 102, 203, 204, 205])
        #expect(try (row + column).shape == [2, 3])
        #expect(try (matrix * Tensor([2.0], shape: [])).doubles == [0, 2, 4, 6, 8, 10])
        #expect(try (Tensor.zeros([0, 3]) + .ones([3])).shape == [0, 3])
    }

    @Test("Operands are not changed")
    func operandsStay() throws {
        let a = try Tensor(values)
        _ = try ((a + a) * 2).exp()
        #expect(try a.doubles == values)
    }

    @Test("The matrix product is the sum of products")
    func matrixProduct() throws {
        var numbers = SeededNumbers(seed: 3)
        let left = (0..<12).map { _ in Double.random(in: -1...1, using: &numbers) }
        let right = (0..<20).map { _ in Double.random(in: -1...1, using: &numbers) }
        var expected: [Double] = []
        for row in 0..<3 {
            for column in 0..<5 {
                expected.append(
                    (0..<4).reduce(0) { $0 + left[row * 4 + $1] * right[$1 * 5 + column] }
                )
            }
        }
        let product = try Tensor(left, shape: [3, 4]).matrixProduct(Tensor(right, shape: [4, 5]))
        #expect(try product.shape == [3, 5])
        #expect(try largestDifference(product.doubles, expected) < 1e-14)
    }

    @Test("Functions of one number agree with the system's")
    func functions() throws {
        let positive = values.map(abs)
        let (a, p) = (try Tensor(values), try Tensor(positive))
        #expect(try largestDifference(a.exp().doubles, values.map(exp)) < 1e-14)
        #expect(try largestDifference(p.log().doubles, positive.map(log)) < 1e-14)
        #expect(try largestDifference(p.squareRoot().doubles, positive.map(sqrt)) < 1e-14)
        #expect(try largestDifference(a.tanh().doubles, values.map(tanh)) < 1e-14)
        #expect(try a.absolute().doubles == positive)
        #expect(try a.relu().doubles == values.map { max($0, 0) })
        #expect(try a.leakyReLU().doubles == values.map { $0 > 0 ? $0 : 0.01 * $0 })
        #expect(
            try a.leakyReLU(negativeSlope: 0.5).doubles == values.map { $0 > 0 ? $0 : 0.5 * $0 }
        )
    }

    @Test("The digamma function starts at −γ and grows by 1/x")
    func digamma() throws {
        #expect(abs(try Tensor([1.0]).digamma().item() + 0.577_215_664_901_532_9) < 1e-14)
        let positions = [0.1, 0.5, 1, 2.5, 10, 300]
        let step = try (Tensor(positions) + 1).digamma() - Tensor(positions).digamma()
        #expect(try largestDifference(step.doubles, positions.map { 1 / $0 }) < 1e-12)
    }

    @Test("x · log y is 0 where x is 0, whatever y is")
    func timesLog() throws {
        let result = try Tensor([0, 0, 2, 1.0]).timesLog(of: Tensor([0, 5, Double.pi, 0]))
        #expect(try result.doubles == [0, 0, 2 * log(Double.pi), -.infinity])
    }

    @Test("Interpolation starts at one tensor, ends at the other, and is a straight line between")
    func interpolation() throws {
        let (start, end) = (try Tensor([0.1, -3, 7]), try Tensor([0.3, 5, -1]))
        #expect(try start.interpolated(to: end, weight: 0).isEqual(to: start))
        #expect(try start.interpolated(to: end, weight: 1).isEqual(to: end))
        let quarter = try start.interpolated(to: end, weight: 0.25)
        #expect(try largestDifference(quarter.doubles, [0.15, -1, 5]) < 1e-15)
    }

    @Test("Every row has its own weight when the weights are a column")
    func interpolationByRow() throws {
        let (start, end) = (try Tensor.zeros([3, 2]), try Tensor.full([3, 2], 8))
        let weights = try Tensor([Float(0), 0.25, 1], shape: [3, 1])
        #expect(try start.interpolated(to: end, weight: weights).doubles == [0, 0, 2, 2, 8, 8])
    }

    @Test("The larger, smaller and equal elements are found, with broadcasting")
    func comparison() throws {
        let a = try Tensor(values)
        #expect(try a.maximum(Tensor([0.0])).isEqual(to: a.relu()))
        #expect(try a.minimum(Tensor([0.0])).doubles == values.map { min($0, 0) })
        #expect(try Tensor([-2.5, 0, 3.0]).sign().doubles == [-1, 0, 1])
        let equal = try a.equalElements(Tensor([1.0]))
        #expect(try equal.dtype == .bool)
        #expect(try equal.doubles == [0, 0, 0, 0, 1, 0])
    }

    @Test("Sums and means run over the given dimensions, over all without any")
    func reductions() throws {
        let tensor = try Tensor((0..<24).map(Double.init), shape: [2, 3, 4])
        #expect(try tensor.sum().item() == 276)
        #expect(try tensor.sum().shape == [])
        #expect(try tensor.mean().item() == 11.5)
        #expect(try tensor.sum([1]).shape == [2, 4])
        #expect(try tensor.sum([1]).doubles == [12, 15, 18, 21, 48, 51, 54, 57])
        #expect(try tensor.mean([0, 2]).doubles == [7.5, 11.5, 15.5])
        #expect(try tensor.sum([-1], keepingDimensions: true).shape == [2, 3, 1])
        #expect(try tensor.mean(keepingDimensions: true).shape == [1, 1, 1])
    }

    @Test("The largest elements are found along a dimension, largest first")
    func largest() throws {
        let tensor = try Tensor([3, 9, 1, 8, 2, 7.0], shape: [2, 3])
        #expect(try tensor.indexOfMaximum().scalars() == [Int64(1), 0])
        #expect(try tensor.indexOfMaximum(0).scalars() == [Int64(1), 0, 1])
        let top = try tensor.indicesOfLargest(2)
        #expect(try top.shape == [2, 2])
        #expect(try top.scalars() == [Int64(1), 0, 0, 2])
        #expect(try tensor.indicesOfLargest(0).shape == [2, 0])
        #expect(
            try tensor.indicesOfLargest(2, dimension: 0).scalars() == [Int64(1), 0, 1, 0, 1, 0]
        )
    }
}
