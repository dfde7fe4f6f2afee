import LibTorch
import Testing

@Suite("Convolutions and the mean over an image")
struct ConvolutionTests {
    private func layer(
        _ inputs: Int,
        _ outputs: Int,
        kernelSize: Int = 3,
        stride: Int = 1,
        padding: Int = 0,
        hasBias: Bool = true
    ) throws -> Convolution {
        try Convolution(
            inputs,
            outputs,
            kernelSize: kernelSize,
            stride: stride,
            padding: padding,
            hasBias: hasBias,
            generator: Generator(seed: 1),
            dtype: .float64
        )
    }

    @Test("Weights and biases start uniform in ±1/√(inputs · kernel size²), as in PyTorch")
    func initialisation() throws {
        let layer = try layer(4, 600)
        let bound = 1.0 / 6
        for values in [try layer.weight.doubles, try #require(try layer.bias?.doubles)] {
            #expect(values.allSatisfy { abs($0) <= bound })
            #expect(values.contains { $0 > 0.9 * bound } && values.contains { $0 < -0.9 * bound })
            let (mean, variance) = moments(values)
            let root = Double(values.count).squareRoot()
            // The uniform law on ±b has the variance b²/3, and (w − mean)² the variance 4b⁴/45.
            #expect(abs(mean) < 5 * bound / 3.squareRoot() / root)
            let spread = bound * bound * (4.0 / 45).squareRoot() / root
            #expect(abs(variance - bound * bound / 3) < 5 * spread)
        }
    }

    @Test("A filter of ones sums its windows, with zeros around the image and a stride")
    func closedForm() throws {
        let layer = try layer(1, 1, stride: 2, padding: 1)
        try layer.load(["weight": .ones([1, 1, 3, 3]), "bias": Tensor([0.5])])
        let image = try Tensor((1...9).map(Double.init), shape: [1, 1, 3, 3])
        let output = try layer(image, ForwardPass())
        #expect(try output.shape == [1, 1, 2, 2])
        // The four corners' windows: 1 + 2 + 4 + 5, 2 + 3 + 5 + 6, and so on.
        #expect(try output.doubles == [12.5, 16.5, 24.5, 28.5])
    }

    @Test("A 1×1 convolution is a linear layer at every pixel")
    func pointwise() throws {
        let layer = try layer(2, 2, kernelSize: 1, hasBias: false)
        try layer.load(["weight": Tensor([1, 2, 3, 4.0], shape: [2, 2, 1, 1])])
        let image = try Tensor([1, 10, 5, 50.0], shape: [1, 2, 1, 2])
        #expect(try layer(image, ForwardPass()).doubles == [11, 110, 23, 230])
        #expect(layer.stateDictionary().map(\.name) == ["weight"])
    }

    @Test(
        "The shape told is the shape computed",
        arguments: [(3, 1, 1), (3, 2, 1), (1, 2, 0), (5, 3, 2), (2, 1, 0)]
    )
    func shapes(_ kernelSize: Int, _ stride: Int, _ padding: Int) throws {
        let layer = try layer(2, 3, kernelSize: kernelSize, stride: stride, padding: padding)
        for shape in [[2, 5, 5], [2, 8, 7], [2, 6, 9]] {
            let output = try layer(.ones([2] + shape, dtype: .float64), ForwardPass())
            #expect(try output.shape == [2] + layer.outputShape(for: shape))
        }
    }

    @Test("Inputs that do not fit are refused with their shape")
    func misfit() throws {
        let layer = try layer(2, 3, stride: 2)
        #expect(layer.summary == "convolution 3×3, 2 → 3, stride 2")
        for shape in [[3, 5, 5], [2, 5], [], [2, 2, 5], [1, 2, 5, 5]] {
            #expect(refusal { try layer.outputShape(for: shape) }.contains("\(shape)"))
            let batch = try Tensor.ones([4] + shape, dtype: .float64)
            #expect(refusal { try layer(batch, ForwardPass()) }.contains("\(shape)"))
        }
    }

    @Test("Sizes that are not positive and paddings beyond the kernel are refused")
    func impossible() {
        #expect(refusal { try layer(0, 3) }.contains("0 → 3"))
        #expect(refusal { try layer(3, -1) }.contains("3 → -1"))
        #expect(refusal { try layer(3, 3, kernelSize: 0) }.contains("kernel of 0"))
        #expect(refusal { try layer(3, 3, stride: 0) }.contains("stride of 0"))
        #expect(refusal { try layer(3, 3, padding: -1) }.contains("-1"))
        #expect(refusal { try layer(3, 3, padding: 3) }.contains("0 ..< 3"))
    }

    @Test("The global average pool gives the mean of every channel")
    func globalAverage() throws {
        let pool = GlobalAveragePool()
        let image = try Tensor([1, 2, 3, 6, 10, 10, 10, 14.0], shape: [1, 2, 2, 2])
        #expect(try pool(image, ForwardPass()).doubles == [3, 11])
        #expect(try pool.outputShape(for: [7, 4, 3]) == [7])
        #expect(refusal { try pool.outputShape(for: [7, 4]) }.contains("[7, 4]"))
        #expect(refusal { try pool(.ones([2, 7]), ForwardPass()) }.contains("[7]"))
    }
}
