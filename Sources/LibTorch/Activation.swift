/// A function that is applied to every element.
public final class Activation: Block {
    /// The functions.
    public enum Function: String, Sendable, CaseIterable, Codable {
        /// max(x, 0).
        case relu
        /// x where positive, 0.01 · x elsewhere.
        case leakyReLU = "leaky-relu"
        /// The hyperbolic tangent.
        case tanh
    }

    /// The function that is applied.
    public let function: Function

    /// Creates the block.
    public init(_ function: Function) {
        self.function = function
    }

    /// Applies the function.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        switch function {
        case .relu: try input.relu()
        case .leakyReLU: try input.leakyReLU()
        case .tanh: try input.tanh()
        }
    }

    /// The function's name.
    public var summary: String { function.rawValue }
}

/// Everything but the batch as one dimension: [N, C, H, W] → [N, C·H·W].
public final class Flatten: Block {
    /// Creates the block.
    public init() {}

    /// Flattens every example.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try input.flattenedRows()
    }

    /// One dimension with as many elements.
    public func outputShape(for input: [Int]) throws -> [Int] {
        [input.reduce(1, *)]
    }

    /// "flatten".
    public var summary: String { "flatten" }
}
