import LibTorch
import ManifoldMixup

extension DescribedClassifier {
    /// Whether a minibatch of a single row can be trained on.
    ///
    /// Batch normalisation takes the variance of every channel, over rows and pixels. It needs a
    /// second value for that, which a single row has where its state is larger than 1 × 1.
    ///
    /// - Throws: `TorchError` if the blocks do not fit one another.
    public func trainsOnSingleRows() throws -> Bool {
        try !network.normalizesSingleValues(of: inputShape)
    }
}

extension Block {
    /// Whether a normalisation in the block gets one value for a channel from an example of `shape`.
    fileprivate func normalizesSingleValues(of shape: [Int]) throws -> Bool {
        func isSingleValue(_ shape: [Int]) -> Bool { shape.dropFirst().allSatisfy { $0 == 1 } }
        switch self {
        case is BatchNorm:
            return isSingleValue(shape)
        case let block as PreActBlock:
            return try block.normalizedShapes(for: shape).contains(where: isSingleValue)
        case let sequence as Sequential:
            var shape = shape
            for (_, block) in sequence.blocks {
                if try block.normalizesSingleValues(of: shape) { return true }
                shape = try block.outputShape(for: shape)
            }
            return false
        default:
            return false
        }
    }
}
