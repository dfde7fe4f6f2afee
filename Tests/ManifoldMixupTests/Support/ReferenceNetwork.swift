import LibTorch
import MixupModels
import Testing

/// One list of numbers per example.
typealias Rows = [[Double]]

/// λ · own + (1 − λ) · partner for every row, written out; one λ, or one for each row.
func mixed(_ rows: Rows, lambdas: [Double], partners: [Int]) -> Rows {
    rows.indices.map { row in
        let lambda = lambdas.count == 1 ? lambdas[0] : lambdas[row]
        return zip(rows[row], rows[partners[row]]).map { lambda * $0 + (1 - lambda) * $1 }
    }
}

/// The rows of a matrix.
func rows(_ tensor: Tensor) throws -> Rows {
    let all = try numbers(tensor)
    let width = try tensor.shape[1]
    return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
}

/// The forward pass of a small MLP with ReLU, written out in plain Swift.
struct ReferenceNetwork {
    private let layers: [(weight: Rows, bias: [Double])]

    /// Takes over the weights of a model.
    init(_ model: MLP) throws {
        let tensors = model.stateDictionary().map(\.tensor)
        layers = try stride(from: 0, to: tensors.count, by: 2).map {
            (weight: try rows(tensors[$0]), bias: try numbers(tensors[$0 + 1]))
        }
    }

    /// The hidden state at a boundary, given the state at an earlier one; by default, the input.
    func state(_ input: Rows, from first: Int = 0, at boundary: Int) -> Rows {
        layers[first..<boundary].reduce(input) { state, layer in
            linear(state, layer).map { $0.map { max($0, 0) } }
        }
    }

    /// The logits, given the state at a boundary.
    func logits(_ state: Rows, from boundary: Int = 0) -> Rows {
        let last = layers.count - 1
        return linear(self.state(state, from: boundary, at: last), layers[last])
    }

    private func linear(_ input: Rows, _ layer: (weight: Rows, bias: [Double])) -> Rows {
        input.map { row in
            zip(layer.weight, layer.bias).map { weights, bias in
                zip(row, weights).reduce(bias) { $0 + $1.0 * $1.1 }
            }
        }
    }
}

/// An MLP 4 → 5 → 6 → 3 whose weights are small whole numbers, so that with whole inputs and λ in
/// quarters single precision makes no rounding error and results can be compared exactly.
func integerNetwork(seed: UInt64 = 1) throws -> MLP {
    let model = try MLP(
        inputShape: [4],
        widths: [5, 6],
        classCount: 3,
        generator: Generator(seed: seed)
    )
    for (index, named) in model.stateDictionary().enumerated() {
        let weights = try integers(named.tensor.shape, seed: 100 * seed + UInt64(index))
        try named.tensor.copyElements(from: weights)
    }
    return model
}
