import LibTorch

/// A network that turns a batch [N, …] into logits [N, C], and says where it may be mixed.
///
/// Any module becomes one by listing its sites in order and showing the hidden state to the pass at
/// each of them:
///
/// ```swift
/// let mixingSites = ["hidden"]
///
/// func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
///     let state = try pass.site("hidden", hidden(input).relu())
///     return try output(state)
/// }
/// ```
///
/// Sites belong between whole layers or residual blocks, never inside one branch of a block.
public protocol Classifier: Module {
    /// The names of boundaries 1, 2, … in the order in which the forward pass reaches them.
    var mixingSites: [String] { get }

    /// Computes the logits [N, C].
    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor
}

/// A classifier that is a sequence of blocks and nothing else, so that it describes itself.
public protocol DescribedClassifier: Classifier {
    /// The blocks, mixing sites among them.
    var network: Sequential { get }
    /// The shape of one input, [C, H, W] or [D].
    var inputShape: [Int] { get }
}

extension DescribedClassifier {
    /// The names of the mixing sites among the blocks.
    public var mixingSites: [String] {
        network.blocks.compactMap { ($0.block as? MixingSite)?.name }
    }

    /// The blocks, under their own names.
    public var children: [(name: String, module: any Module)] { network.children }

    /// Runs the blocks in order.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try network(input, pass)
    }

    /// One line per block: its name, what it is, the shape behind it, its number of parameters.
    public func blockDescriptions() throws -> [BlockDescription] {
        var shape = inputShape
        return try network.blocks.map { name, block in
            shape = try block.outputShape(for: shape)
            return BlockDescription(
                name: name,
                summary: block.summary,
                outputShape: shape,
                parameterCount: try block.parameterCount()
            )
        }
    }
}

/// What ``DescribedClassifier/blockDescriptions()`` says of one block.
public struct BlockDescription: Sendable, Equatable {
    /// The block's name in its model.
    public let name: String
    /// What the block is.
    public let summary: String
    /// The shape of one example behind the block.
    public let outputShape: [Int]
    /// The number of learned numbers.
    public let parameterCount: Int
}

/// A boundary between blocks at which the hidden state may be mixed.
public final class MixingSite: Block {
    /// The site's name.
    public let name: String

    /// Creates a site.
    public init(_ name: String) {
        self.name = name
    }

    /// Shows the state to the pass.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try pass.site(name, input)
    }

    /// "mixing site" and its name.
    public var summary: String { "mixing site '\(name)'" }
}
