import LibTorch
import Testing

@Suite("Sequences of blocks")
struct SequentialTests {
    private func network() throws -> Sequential {
        let generator = try Generator(seed: 1)
        return Sequential(
            [
                ("flatten", Flatten()), ("fc1", try Linear(6, 4, generator: generator)),
                ("norm", try BatchNorm(4)), ("relu", Activation(.relu)),
                ("fc2", try Linear(4, 2, generator: generator)),
            ]
        )
    }

    @Test("The blocks run one after the other")
    func order() throws {
        let network = try network()
        let input = try Tensor((0..<12).map(Float.init), shape: [2, 2, 3])
        var expected = input
        for (_, block) in network.blocks { expected = try block(expected, ForwardPass()) }
        #expect(try network(input, ForwardPass()).isEqual(to: expected))
        #expect(try expected.shape == [2, 2])
    }

    @Test("The state dictionary names the blocks that have tensors")
    func names() throws {
        let names = try network().stateDictionary().map(\.name)
        #expect(names.first == "fc1.weight")
        #expect(names.contains("norm.running_mean"))
        #expect(names.last == "fc2.bias")
        #expect(names.count == 9)
    }

    @Test("Shapes are followed through, and the block that does not fit is named")
    func shapes() throws {
        let network = try network()
        #expect(network.summary == "5 blocks")
        #expect(try network.outputShape(for: [2, 3]) == [2])
        let message = refusal { try network.outputShape(for: [2, 4]) }
        #expect(message == "linear 6 → 4 does not take an input of shape [8]")
        let wrong = Sequential([("a", Flatten()), ("b", try BatchNorm(5)), ("c", network)])
        #expect(refusal { try wrong.outputShape(for: [6]) }.contains("batch norm 5"))
    }

    @Test("A sequence without blocks hands its input on")
    func empty() throws {
        let input = try Tensor([1, 2.0])
        #expect(try Sequential([])(input, ForwardPass()).isEqual(to: input))
        #expect(try Sequential([]).outputShape(for: [7]) == [7])
    }

    @Test("Every block sees the same pass")
    func samePass() throws {
        let network = Sequential([("drop", try Dropout(0.5)), ("norm", try BatchNorm(3))])
        let input = try Tensor.ones([8, 3])
        #expect(refusal { try network(input, ForwardPass(isTraining: true)) }.contains("dropout"))
        #expect(try network(input, ForwardPass()).shape == [8, 3])
    }
}
