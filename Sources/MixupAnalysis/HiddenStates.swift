import LibTorch
import ManifoldMixup
import MixupData

extension Classifier {
    /// The hidden states of a batch at one boundary, in evaluation.
    ///
    /// - Parameters:
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - input: the batch [N, …], normalised.
    /// - Returns: the states [N, …].
    /// - Throws: `MixupError` for a boundary that the model does not have.
    public func hiddenStates(at boundary: Int, of input: Tensor) throws -> Tensor {
        try require(boundary)
        guard boundary > 0 else { return input }
        return try withoutGradients {
            let pass = VisitingPass(boundary: boundary) { $0 }
            _ = try self(input, pass)
            return try pass.result()
        }
    }

    /// The logits that follow from given hidden states at one boundary, in evaluation.
    ///
    /// Gradients flow to the states.
    ///
    /// - Parameters:
    ///   - states: the states at the boundary, [N, …].
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - inputShape: of one example; what comes before the boundary runs on zeros and is thrown away.
    /// - Returns: the logits [N, C].
    /// - Throws: `MixupError` for a boundary that the model does not have.
    public func logits(
        from states: Tensor,
        at boundary: Int,
        inputShape: [Int]
    ) throws -> Tensor {
        try require(boundary)
        guard boundary > 0 else { return try self(states, ForwardPass()) }
        let input = try Tensor.zeros(
            [states.shape[0]] + inputShape,
            dtype: states.dtype,
            device: states.device
        )
        let pass = VisitingPass(boundary: boundary) { _ in states }
        let logits = try self(input, pass)
        _ = try pass.result()
        return logits
    }

    /// The hidden states of a whole data set at one boundary, each flattened to a row.
    ///
    /// - Parameters:
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - dataset: the examples, in order.
    ///   - batchSize: the number of examples at once.
    ///   - dtype: the element type that the model was made for.
    /// - Returns: the states as a matrix [N, D].
    /// - Throws: `MixupError` for a boundary that the model does not have.
    public func hiddenMatrix(
        at boundary: Int,
        of dataset: Dataset,
        batchSize: Int = 100,
        dtype: DType = .float32
    ) throws -> Tensor {
        try require(boundary)
        let starts = stride(from: 0, to: dataset.count, by: max(batchSize, 1))
        return try .concatenated(
            starts.map { start in
                let rows = start..<min(start + max(batchSize, 1), dataset.count)
                let batch = try dataset.minibatch(rows)
                let input = try Tensor(batch.features, shape: batch.shape).to(dtype)
                return try hiddenStates(at: boundary, of: input).flattenedRows()
            }
        )
    }

    private func require(_ boundary: Int) throws {
        try EligibleLayers([boundary]).validate(for: self)
    }
}

/// A pass in evaluation that looks at the state at one boundary, and may put another in its place.
private final class VisitingPass: ForwardPass {
    private let boundary: Int
    private let visit: (Tensor) throws -> Tensor
    private var visited = 0
    private var state: Tensor?

    init(boundary: Int, visit: @escaping (Tensor) throws -> Tensor) {
        self.boundary = boundary
        self.visit = visit
        super.init()
    }

    override func site(_ name: String, _ state: Tensor) throws -> Tensor {
        visited += 1
        guard visited == boundary else { return state }
        let result = try visit(state)
        self.state = result
        return result
    }

    /// The state that the network went on with.
    func result() throws -> Tensor {
        guard let state else {
            throw MixupError(
                "the model did not pass its boundary \(boundary); call pass.site(_:_:) at each"
            )
        }
        return state
    }
}
