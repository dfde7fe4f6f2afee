import LibTorch
import Testing

@Suite("Autocast to bfloat16")
struct AutocastTests {
    private struct Interruption: Error {}

    private func productType() throws -> DType {
        try Tensor.ones([2, 3]).matrixProduct(.ones([3, 2])).dtype
    }

    @Test("Inside, products of float32 matrices are bfloat16; outside they are not")
    func products() throws {
        #expect(try productType() == .float32)
        #expect(try withBFloat16Autocast(true) { try productType() } == .bfloat16)
        #expect(try productType() == .float32)
        #expect(try withBFloat16Autocast(false) { try productType() } == .float32)
    }

    @Test("A linear map is rounded to bfloat16, a sum of float32 is not")
    func rounding() throws {
        let third = try Tensor([Float(1) / 3], shape: [1, 1])
        try withBFloat16Autocast(true) {
            let product = try third.linear(weight: .ones([1, 1]), bias: nil)
            #expect(try product.dtype == .bfloat16)
            #expect(try product.item() == 0.333984375)
            #expect(try (third + third).dtype == .float32)
        }
    }

    @Test("Blocks nest, and an error restores what held before")
    func restores() throws {
        let types = try withBFloat16Autocast(true) {
            let inner = try withBFloat16Autocast(true) { try productType() }
            let afterBlock = try productType()
            try? withBFloat16Autocast(true) { throw Interruption() }
            return [inner, afterBlock, try productType()]
        }
        #expect(types == [.bfloat16, .bfloat16, .bfloat16])
        #expect(try productType() == .float32)
        #expect(throws: Interruption.self) {
            try withBFloat16Autocast(true) { throw Interruption() }
        }
        #expect(try productType() == .float32)
    }

    @Test("Gradients of float32 weights are float32")
    func gradients() throws {
        let weight = try Tensor.ones([2, 3]).requiringGradient()
        let loss = try withBFloat16Autocast(true) {
            try Tensor.ones([4, 3]).linear(weight: weight, bias: nil).sum()
        }
        try loss.backward()
        #expect(try weight.gradient?.dtype == .float32)
        #expect(try weight.gradient?.doubles == [Double](repeating: 4, count: 6))
    }

    @Test("A changed weight is seen by the next block")
    func changedWeight() throws {
        let weight = try Tensor.ones([1, 1]).requiringGradient()
        func output() throws -> Double {
            try withBFloat16Autocast(true) {
                try Tensor.ones([1, 1]).linear(weight: weight, bias: nil).item()
            }
        }
        #expect(try output() == 1)
        try weight.copyElements(from: .full([1, 1], 2))
        #expect(try output() == 2)
    }

    @Test("A softmax stays in bfloat16; binary cross entropy and running statistics are float32")
    func keptInSinglePrecision() throws {
        let norm = try BatchNorm(2)
        try withBFloat16Autocast(true) {
            let hidden = try Tensor.ones([3, 2]).matrixProduct(.ones([2, 2]))
            #expect(try hidden.dtype == .bfloat16)
            _ = try norm(hidden, ForwardPass(isTraining: true))
            let probabilities = try hidden.softmax()
            #expect(try probabilities.dtype == .bfloat16)
            let loss = try probabilities.binaryCrossEntropy(targets: Tensor.ones([3, 2]))
            #expect(try loss.dtype == .float32)
        }
        #expect(
            try norm.stateDictionary().filter { $0.name.hasPrefix("running") }
                .allSatisfy { try $0.tensor.dtype == .float32 }
        )
    }
}
