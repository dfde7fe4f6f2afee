import LibTorch
import Testing

@Suite("Dropout")
struct DropoutTests {
    private func training(seed: UInt64 = 1) throws -> ForwardPass {
        ForwardPass(isTraining: true, dropoutGenerator: try Generator(seed: seed))
    }

    @Test("In evaluation the input passes unchanged, without a generator")
    func evaluation() throws {
        let input = try Tensor([1, 2, 3.0])
        #expect(try Dropout(0.5)(input, ForwardPass()).isEqual(to: input))
    }

    @Test("With probability 0 training changes nothing and draws nothing")
    func probabilityZero() throws {
        let input = try Tensor([1, 2, 3.0])
        #expect(try Dropout(0)(input, ForwardPass(isTraining: true)).isEqual(to: input))
    }

    @Test(
        "In training elements are dropped or scaled, and the expectation stays",
        arguments: [0.1, 0.5, 0.9]
    )
    func expectation(_ probability: Double) throws {
        let count = 100_000
        let output = try Dropout(probability)(.full([count], 3, dtype: .float64), training())
            .doubles
        let scaled = 3 / (1 - probability)
        #expect(output.allSatisfy { $0 == 0 || abs($0 - scaled) < 1e-12 })
        let spread = (probability * (1 - probability) / Double(count)).squareRoot()
        let dropped = Double(output.count { $0 == 0 }) / Double(count)
        #expect(abs(dropped - probability) < 5 * spread)
        #expect(abs(moments(output).mean - 3) < 5 * spread * scaled)
    }

    @Test("The gradient passes where the element passed, scaled in the same way")
    func gradient() throws {
        let input = try Tensor.ones([200], dtype: .float64).requiringGradient()
        let output = try Dropout(0.25)(input, training())
        try output.sum().backward()
        #expect(try input.gradient?.isEqual(to: output) == true)
    }

    @Test("The mask depends on the generator alone")
    func seeds() throws {
        let dropout = try Dropout(0.5)
        let input = try Tensor.ones([100])
        let output = try dropout(input, training(seed: 1))
        #expect(try output.isEqual(to: dropout(input, training(seed: 1))))
        #expect(try !output.isEqual(to: dropout(input, training(seed: 2))))
        let pass = try training(seed: 1)
        #expect(try !dropout(input, pass).isEqual(to: dropout(input, pass)))
    }

    @Test("Training without a generator is refused")
    func withoutGenerator() {
        let message = refusal { try Dropout(0.5)(.ones([1]), ForwardPass(isTraining: true)) }
        #expect(message.contains("generator"))
    }

    @Test("A probability outside [0, 1) is refused", arguments: [-0.1, 1, 1.5, .nan, .infinity])
    func probabilityOutOfRange(_ probability: Double) {
        #expect(refusal { try Dropout(probability) }.contains("[0, 1), not \(probability)"))
    }

    @Test("Dropout keeps the shape and has nothing to learn")
    func form() throws {
        let dropout = try Dropout(0.25)
        #expect(dropout.summary == "dropout 0.25")
        #expect(try dropout.outputShape(for: [3, 4]) == [3, 4])
        #expect(dropout.stateDictionary().isEmpty)
        #expect(try dropout(.ones([0, 3]), training()).shape == [0, 3])
    }
}
