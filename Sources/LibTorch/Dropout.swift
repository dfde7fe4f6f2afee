/// Dropout: in training, sets elements to zero with a probability and scales the others so that the
/// expectation stays; in evaluation, does nothing.
public final class Dropout: Block {
    /// The probability with which an element is dropped, in [0, 1).
    public let probability: Double

    /// Creates the block.
    ///
    /// - Throws: `TorchError` if the probability is not in [0, 1).
    public init(_ probability: Double) throws {
        guard probability >= 0, probability < 1 else {
            throw TorchError("the dropout probability must be in [0, 1), not \(probability)")
        }
        self.probability = probability
    }

    /// Drops elements with the generator of the pass, which draws on the CPU: equal seeds drop the same
    /// elements on every device.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        guard pass.isTraining, probability > 0 else { return input }
        guard let generator = pass.dropoutGenerator else {
            throw TorchError("dropout in training needs a ForwardPass with a dropout generator")
        }
        let kept = 1 - probability
        let mask = try generator.bernoulli(like: input, probability: kept)
        return try input * (mask * (1 / kept))
    }

    /// The probability.
    public var summary: String { "dropout \(probability)" }
}
