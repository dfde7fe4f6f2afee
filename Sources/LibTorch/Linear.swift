/// A fully connected layer: input · weightᵀ + bias.
public final class Linear: Block {
    /// [outputs, inputs].
    public let weight: Tensor
    /// [outputs].
    public let bias: Tensor
    /// The width of what comes in.
    public let inputs: Int
    /// The width of what goes out.
    public let outputs: Int

    /// Creates a layer with PyTorch's default initialisation: weights and biases uniform in
    /// ±1/√inputs.
    public init(
        _ inputs: Int,
        _ outputs: Int,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        guard inputs > 0, outputs > 0 else {
            throw TorchError("a linear layer needs positive widths, not \(inputs) → \(outputs)")
        }
        self.inputs = inputs
        self.outputs = outputs
        let fanIn = Double(inputs)
        weight = try generator.parameter([outputs, inputs], fanIn: fanIn, dtype: dtype)
        bias = try generator.parameter([outputs], fanIn: fanIn, dtype: dtype)
    }

    /// Weight and bias.
    public var ownTensors: [NamedTensor] {
        [NamedTensor("weight", weight), NamedTensor("bias", bias)]
    }

    /// Computes [N, inputs] → [N, outputs].
    public func callAsFunction(_ input: Tensor) throws -> Tensor {
        try input.linear(weight: weight, bias: bias)
    }

    /// Computes [N, inputs] → [N, outputs].
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try self(input)
    }

    /// [outputs], for an input of shape [inputs].
    public func outputShape(for input: [Int]) throws -> [Int] {
        guard input == [inputs] else {
            throw TorchError("\(summary) does not take an input of shape \(input)")
        }
        return [outputs]
    }

    /// The widths.
    public var summary: String { "linear \(inputs) → \(outputs)" }
}
