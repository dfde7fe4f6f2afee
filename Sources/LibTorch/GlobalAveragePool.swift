/// The mean of every channel over the image: [N, C, H, W] → [N, C].
public final class GlobalAveragePool: Block {
    /// Creates the block.
    public init() {}

    /// Averages over height and width.
    ///
    /// - Throws: `TorchError` for a batch of another form.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        _ = try outputShape(for: Array(input.shape.dropFirst()))
        return try input.mean([2, 3])
    }

    /// [C], for an input of shape [C, H, W].
    public func outputShape(for input: [Int]) throws -> [Int] {
        guard input.count == 3, input[1] > 0, input[2] > 0 else {
            throw TorchError("\(summary) does not take an input of shape \(input)")
        }
        return [input[0]]
    }

    /// "global average pool".
    public var summary: String { "global average pool" }
}
