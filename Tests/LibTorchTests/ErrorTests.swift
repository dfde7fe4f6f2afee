import Foundation
import LibTorch
import Testing

/// An operation that must be refused, and what the message must say.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fragment: String
    let body: @Sendable () throws -> Any

    init(_ name: String, _ fragment: String, _ body: @escaping @Sendable () throws -> Any) {
        testDescription = name
        self.fragment = fragment
        self.body = body
    }
}

@Suite("Errors")
struct ErrorTests {
    private static func ones(_ shape: Int..., dtype: DType = .float32) throws -> Tensor {
        try .ones(shape, dtype: dtype)
    }

    private static let shapes: [Refusal] = [
        Refusal("sum", "size of tensor a (3)") { try ones(2, 3) + ones(4, 5) },
        Refusal("difference", "size of tensor a (3)") { try ones(2, 3) - ones(2) },
        Refusal("product", "size of tensor a (3)") { try ones(2, 3) * ones(4, 5) },
        Refusal("quotient", "size of tensor a (3)") { try ones(2, 3) / ones(4, 5) },
        Refusal("maximum", "size of tensor a (3)") { try ones(2, 3).maximum(ones(4, 5)) },
        Refusal("equal elements", "size of tensor a (3)") {
            try ones(2, 3).equalElements(ones(4, 5))
        },
        Refusal("x log y", "size of tensor a (3)") { try ones(2, 3).timesLog(of: ones(4, 5)) },
        Refusal("interpolation", "size of tensor a (3)") {
            try ones(2, 3).interpolated(to: ones(4, 5), weight: 0.5)
        },
        Refusal("interpolation by a tensor", "size of tensor a (3)") {
            try ones(2, 3).interpolated(to: ones(2, 3), weight: ones(4, 5))
        },
        Refusal("matrix product", "2x3 and 4x5") { try ones(2, 3).matrixProduct(ones(4, 5)) },
        Refusal("matrix product of numbers", "at least 1D") {
            try ones().matrixProduct(ones(4, 5))
        },
        Refusal("linear map", "2x3 and 5x4") {
            try ones(2, 3).linear(weight: ones(4, 5), bias: nil)
        },
        Refusal("bias of a linear map", "(7)") {
            try ones(2, 3).linear(weight: ones(4, 3), bias: ones(7))
        },
        Refusal("binary cross entropy", "size of tensor a (3)") {
            try ones(2, 3).binaryCrossEntropy(targets: ones(4, 5))
        },
        Refusal("reshape", "[4]") { try ones(2, 3).reshaped([4]) },
        Refusal("reshape with two unknowns", "only one") { try ones(2, 3).reshaped([-1, -1]) },
        Refusal("reshape with −2", "-2") { try ones(2, 3).reshaped([-2, 3]) },
        Refusal("copy", "[4, 5] does not fit into one of shape [2, 3]") {
            try ones(2, 3).copyElements(from: ones(4, 5))
        },
        Refusal("copy that would broadcast", "[3] does not fit") {
            try ones(2, 3).copyElements(from: ones(3))
        },
        Refusal("concatenation", "size 3 but got size 5") {
            try Tensor.concatenated([ones(2, 3), ones(4, 5)])
        },
        Refusal("concatenation of numbers", "zero-dimensional") {
            try Tensor.concatenated([ones()])
        },
        Refusal("concatenation of nothing", "non-empty") { try Tensor.concatenated([]) },
        Refusal("labels in a matrix", "[2, 2]") {
            try Tensor.zeros([2, 2], dtype: .int64).oneHot(classCount: 3)
        },
        Refusal("indices in a matrix", "vector") {
            try ones(2, 3).rows(Tensor.zeros([2, 2], dtype: .int64))
        },
        Refusal("gradient of a vector", "scalar") { try ones(2).requiringGradient().backward() },
    ]

    private static let ranges: [Refusal] = [
        Refusal("rows behind the end", "exceeds") { try ones(2, 3).rows(1, count: 5) },
        Refusal("start behind the end", "but got 3") { try ones(2, 3).rows(3, count: 0) },
        Refusal("negative number of rows", "non-negative") { try ones(2, 3).rows(0, count: -1) },
        Refusal("rows of a number", "0-dim") { try ones().rows(0, count: 1) },
        Refusal("index behind the end", "out of range") { try ones(2, 3).rows(Tensor([Int64(2)])) },
        Refusal("negative index", "out of range") { try ones(2, 3).rows(Tensor([Int64(-1)])) },
        Refusal("dimension of a sum", "but got 5") { try ones(2, 3).sum([5]) },
        Refusal("dimension of a mean", "but got -3") { try ones(2, 3).mean([-3]) },
        Refusal("dimension twice", "multiple times") { try ones(2, 3).sum([0, 0]) },
        Refusal("dimension of a maximum", "but got 9") { try ones(2, 3).indexOfMaximum(9) },
        Refusal("maximum of nothing", "non-zero size") { try Tensor.zeros([0]).indexOfMaximum() },
        Refusal("more largest than there are", "out of range") {
            try ones(2, 3).indicesOfLargest(4)
        },
        Refusal("fewer than no largest", "out of range") { try ones(2, 3).indicesOfLargest(-1) },
        Refusal("dimension of a transposition", "but got 7") { try ones(2, 3).transposed(0, 7) },
        Refusal("no classes", "size 0") { try Tensor([Int64(0)]).oneHot(classCount: 0) },
        Refusal("fewer than no classes", "non-negative") {
            try Tensor([Int64(0)]).oneHot(classCount: -1)
        },
        Refusal("probability above 1", "between 0 and 1") {
            try Tensor([Float(2)]).binaryCrossEntropy(targets: ones(1))
        },
        Refusal("probability NaN", "between 0 and 1") {
            try Tensor([Float.nan]).binaryCrossEntropy(targets: ones(1))
        },
    ]

    private static let types: [Refusal] = [
        Refusal("linear map", "float") {
            try ones(2, 3).linear(weight: ones(4, 3, dtype: .float64), bias: nil)
        },
        Refusal("matrix product", "float") {
            try ones(2, 3).matrixProduct(ones(3, 2, dtype: .float64))
        },
        Refusal("interpolation", "double") {
            try ones(1).interpolated(to: ones(1, dtype: .float64), weight: 0.5)
        },
        Refusal("interpolation of integers", "Long") {
            try ones(1, dtype: .int64).interpolated(to: ones(1, dtype: .int64), weight: 0.5)
        },
        Refusal("mean of integers", "Long") { try ones(2, dtype: .int64).mean() },
        Refusal("softmax of integers", "Long") { try ones(2, dtype: .int64).softmax() },
        Refusal("indices that are not integers", "index") { try ones(2).rows(ones(1)) },
        Refusal("labels that are not integers", "int") { try ones(2).oneHot(classCount: 2) },
        Refusal("gradients of integers", "floating point") {
            try ones(2, dtype: .int64).requiringGradient()
        },
    ]

    @Test("Shapes that do not fit are refused in one line that says why", arguments: shapes)
    func shapeRefused(_ operation: Refusal) {
        #expect(refusal(operation.body).contains(operation.fragment))
    }

    @Test("Positions outside a tensor are refused in one line that says why", arguments: ranges)
    func rangeRefused(_ operation: Refusal) {
        #expect(refusal(operation.body).contains(operation.fragment))
    }

    @Test("Element types that do not fit are refused in one line that says why", arguments: types)
    func typeRefused(_ operation: Refusal) {
        #expect(refusal(operation.body).contains(operation.fragment))
    }

    @Test("After an error the same tensors still work")
    func workAfterAnError() throws {
        let (a, b) = (try Self.ones(2, 3), try Self.ones(4, 5))
        #expect(refusal { try a + b }.hasPrefix("libtorch: "))
        #expect(try (a + a).sum().item() == 12)
        #expect(try (b + b).sum().item() == 40)
    }

    @Test("An error is its message, also for code that only knows Error")
    func isItsMessage() {
        let error = TorchError("the weights do not fit")
        #expect("\(error)" == "the weights do not fit")
        #expect((error as any Error).localizedDescription == "the weights do not fit")
        #expect(error == TorchError("the weights do not fit"))
    }

    @Test("Line breaks in a message become spaces")
    func lineBreaks() {
        #expect(TorchError("a\nb\r\nc\u{2028}d\n").message == "a b c d")
    }
}
