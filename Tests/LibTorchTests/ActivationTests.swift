import LibTorch
import Testing

@Suite("Activations")
struct ActivationTests {
    @Test(
        "Each activation computes its function and keeps the shape",
        arguments: Activation.Function.allCases
    )
    func functions(_ function: Activation.Function) throws {
        let input = try Tensor([-2, -0.5, 0, 0.5, 2, 9], shape: [2, 3])
        let expected =
            switch function {
            case .relu: try input.relu()
            case .leakyReLU: try input.leakyReLU(negativeSlope: 0.01)
            case .tanh: try input.tanh()
            }
        let activation = Activation(function)
        #expect(try activation(input, ForwardPass()).isEqual(to: expected))
        #expect(try activation(input, ForwardPass(isTraining: true)).isEqual(to: expected))
        #expect(try activation.outputShape(for: [3, 8, 8]) == [3, 8, 8])
        #expect(activation.stateDictionary().isEmpty)
    }

    @Test("The activations have the names that recipes use")
    func names() {
        let summaries = Activation.Function.allCases.map { Activation($0).summary }
        #expect(summaries == ["relu", "leaky-relu", "tanh"])
    }
}
