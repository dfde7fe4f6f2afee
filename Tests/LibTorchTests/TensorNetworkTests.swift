import Foundation
import LibTorch
import Testing

@Suite("Tensor operations of networks")
struct TensorNetworkTests {
    @Test("A linear map is input · weightᵀ + bias")
    func linear() throws {
        let input = try Tensor([1, 2, 3, 4.0], shape: [2, 2])
        let weight = try Tensor([1, 0, 0, 1, 1, -1.0], shape: [3, 2])
        let bias = try Tensor([10, 20, 30.0])
        #expect(try input.linear(weight: weight, bias: nil).doubles == [1, 2, -1, 3, 4, -1])
        #expect(try input.linear(weight: weight, bias: bias).doubles == [11, 22, 29, 13, 24, 29])
        let none = try Tensor.zeros([0, 2], dtype: .float64)
        #expect(try none.linear(weight: weight, bias: bias).shape == [0, 3])
    }

    @Test("A softmax is e to the logits over their sum, and ignores a common shift")
    func softmax() throws {
        let logits: [Double] = [1, -2, 0.5, 3, 0, 0]
        let tensor = try Tensor(logits, shape: [2, 3])
        let sums = [logits[..<3], logits[3...]].map { $0.reduce(0) { $0 + exp($1) } }
        let expected = logits.enumerated().map { exp($1) / sums[$0 / 3] }
        #expect(try largestDifference(tensor.softmax().doubles, expected) < 1e-15)
        #expect(try largestDifference(tensor.logSoftmax().doubles, expected.map(log)) < 1e-15)
        #expect(try largestDifference((tensor + 700).softmax().doubles, expected) < 1e-13)
    }

    @Test("The logarithm of the softmax stays finite for logits far apart")
    func farApart() throws {
        let logSoftmax = try Tensor([Float(1e4), -1e4]).logSoftmax()
        #expect(try logSoftmax.scalars() == [Float(0), -2e4])
    }

    @Test("Labels become rows with a single one", arguments: DType.allCases)
    func oneHot(_ dtype: DType) throws {
        let rows = try Tensor([Int64(2), 0, 2]).oneHot(classCount: 3, dtype: dtype)
        #expect(try rows.shape == [3, 3])
        #expect(try rows.dtype == dtype)
        #expect(try rows.doubles == [0, 0, 1, 1, 0, 0, 0, 0, 1])
        #expect(try Tensor([Int64]()).oneHot(classCount: 3).shape == [0, 3])
    }

    @Test(
        "A label outside 0 ..< C is refused, and named",
        arguments: [-1, 3, 1000, Int64.max, .min]
    )
    func labelOutOfRange(_ label: Int64) {
        let message = refusal { try Tensor([0, label]).oneHot(classCount: 3) }
        #expect(message.contains("\(label)"))
    }

    @Test("Binary cross entropy is the mean of −t·log p − (1 − t)·log(1 − p)")
    func binaryCrossEntropy() throws {
        let (p, t) = ([0.1, 0.5, 0.75, 0.9], [0, 1, 0.25, 0.9])
        let terms = zip(p, t).map { p, t in -t * log(p) - (1 - t) * log(1 - p) }
        let loss = try Tensor(p).binaryCrossEntropy(targets: Tensor(t)).item()
        #expect(abs(loss - terms.reduce(0, +) / 4) < 1e-15)
    }

    @Test("Binary cross entropy costs 100 at most for an element")
    func clampedLogarithm() throws {
        let (wrong, right) = (try Tensor([0.0, 1]), try Tensor([1.0, 0]))
        #expect(try wrong.binaryCrossEntropy(targets: right).item() == 100)
        #expect(try right.binaryCrossEntropy(targets: right).item() == 0)
    }
}
