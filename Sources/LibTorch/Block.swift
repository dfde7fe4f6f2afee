/// A building block that says what it is, so that a model made of blocks describes itself.
///
/// Blocks are read in three ways: called, they compute through libtorch; their types and shapes tell
/// an engine with kernels of its own what to prepare; their summaries are shown to people.
public protocol Block: Module {
    /// Computes the output for a batch.
    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor

    /// The shape of one example behind the block, for one of shape `input` before it.
    ///
    /// - Throws: `TorchError` if such an input does not fit.
    func outputShape(for input: [Int]) throws -> [Int]

    /// What the block is, in a few words: "linear 784 → 256".
    var summary: String { get }
}

extension Block {
    /// The shape of the input.
    public func outputShape(for input: [Int]) throws -> [Int] { input }
}

/// Blocks that run one after the other, each under a name.
public final class Sequential: Block {
    /// The blocks in order.
    public let blocks: [(name: String, block: any Block)]

    /// Creates a sequence; a block without parameters may have any name.
    public init(_ blocks: [(name: String, block: any Block)]) {
        self.blocks = blocks
    }

    /// The blocks as parts.
    public var children: [(name: String, module: any Module)] {
        blocks.map { ($0.name, $0.block) }
    }

    /// Runs the blocks in order.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try blocks.reduce(input) { try $1.block($0, pass) }
    }

    /// The shape behind the last block.
    public func outputShape(for input: [Int]) throws -> [Int] {
        try blocks.reduce(input) { try $1.block.outputShape(for: $0) }
    }

    /// The number of blocks.
    public var summary: String { "\(blocks.count) blocks" }
}
