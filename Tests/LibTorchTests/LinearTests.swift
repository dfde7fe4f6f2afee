import LibTorch
import Testing

@Suite("Linear layers")
struct LinearTests {
    @Test("Weights and biases start uniform in ±1/√inputs, as in PyTorch", arguments: [1, 16, 400])
    func initialisation(_ inputs: Int) throws {
        let outputs = 20_000 / inputs + 300
        let layer = try Linear(inputs, outputs, generator: Generator(seed: 1), dtype: .float64)
        let bound = 1 / Double(inputs).squareRoot()
        for values in [try layer.weight.doubles, try layer.bias.doubles] {
            #expect(values.allSatisfy { abs($0) <= bound })
            #expect(values.contains { $0 > 0.9 * bound } && values.contains { $0 < -0.9 * bound })
            let (mean, variance) = moments(values)
            let root = Double(values.count).squareRoot()
            // The uniform law on ±b has the variance b²/3, and (w − mean)² the variance 4b⁴/45.
            #expect(abs(mean) < 5 * bound / 3.squareRoot() / root)
            #expect(
                abs(variance - bound * bound / 3) < 5 * bound * bound * (4.0 / 45).squareRoot()
                    / root
            )
        }
    }

    @Test("Equal seeds give equal layers, and two layers of one generator differ")
    func seeds() throws {
        let generator = try Generator(seed: 1)
        let (one, other) = (
            try Linear(3, 4, generator: generator), try Linear(3, 4, generator: generator)
        )
        let same = try Linear(3, 4, generator: Generator(seed: 1))
        #expect(try one.weight.isEqual(to: same.weight) && one.bias.isEqual(to: same.bias))
        #expect(try !one.weight.isEqual(to: other.weight))
    }

    @Test("A layer computes input · weightᵀ + bias")
    func closedForm() throws {
        let layer = try Linear(2, 3, generator: Generator(seed: 1), dtype: .float64)
        try layer.load(
            [
                "weight": Tensor([1, 2, 3, 4, 5, 6.0], shape: [3, 2]),
                "bias": Tensor([0.5, 0, -0.5]),
            ]
        )
        let output = try layer(Tensor([1, -1, 10, 100.0], shape: [2, 2]))
        #expect(try output.shape == [2, 3])
        #expect(try output.doubles == [-0.5, -1, -1.5, 210.5, 430, 649.5])
        #expect(try layer(Tensor.zeros([0, 2], dtype: .float64)).shape == [0, 3])
    }

    @Test("Weight and bias are learned, under PyTorch's names and shapes")
    func parameters() throws {
        let layer = try Linear(5, 2, generator: Generator(seed: 1))
        #expect(layer.stateDictionary().map(\.name) == ["weight", "bias"])
        #expect(try layer.weight.shape == [2, 5])
        #expect(try layer.bias.shape == [2])
        #expect(try layer.weight.dtype == .float32)
        try layer(.ones([3, 5])).sum().backward()
        #expect(try layer.weight.gradient?.doubles == [Double](repeating: 3, count: 10))
        #expect(try layer.bias.gradient?.doubles == [3, 3])
    }

    @Test("A layer tells its output's shape, and refuses an input that does not fit")
    func shapes() throws {
        let layer = try Linear(784, 256, generator: Generator(seed: 1))
        #expect(layer.summary == "linear 784 → 256")
        #expect(try layer.outputShape(for: [784]) == [256])
        for shape in [[783], [], [1, 784], [784, 1]] {
            let message = refusal { try layer.outputShape(for: shape) }
            #expect(message == "linear 784 → 256 does not take an input of shape \(shape)")
        }
        #expect(refusal { try layer(.ones([2, 783])) }.contains("2x783 and 784x256"))
    }

    @Test(
        "Widths that are not positive are refused",
        arguments: [(0, 3), (3, 0), (-1, 3), (3, -1)]
    )
    func impossibleWidths(_ inputs: Int, _ outputs: Int) {
        let message = refusal { try Linear(inputs, outputs, generator: Generator(seed: 1)) }
        #expect(message.contains("\(inputs) → \(outputs)"))
    }

    @Test("A layer of integers is refused")
    func integers() {
        #expect(!refusal { try Linear(2, 3, generator: Generator(seed: 1), dtype: .int64) }.isEmpty)
    }
}
