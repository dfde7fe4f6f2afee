import LibTorch
import ManifoldMixup

/// What computes logits for evaluations.
protocol Evaluator: AnyObject {
    /// The logits [N, C], on the CPU, of examples [N, …] that are not mixed.
    func logits(of input: Tensor) throws -> Tensor
    /// Calls `body`, during which the weights do not change.
    func withFixedWeights<Value>(_ body: () throws -> Value) rethrows -> Value
}

extension Evaluator {
    func withFixedWeights<Value>(_ body: () throws -> Value) rethrows -> Value {
        try body()
    }
}

/// Computes them by libtorch.
final class AutogradEvaluator: Evaluator {
    private let model: any Classifier
    private let precision: Precision

    init(_ model: any Classifier, precision: Precision) {
        self.model = model
        self.precision = precision
    }

    func logits(of input: Tensor) throws -> Tensor {
        let device = try model.device
        return try withBFloat16Autocast(precision == .bfloat16, on: device) {
            try model(input.to(device), ForwardPass())
        }.to(.cpu)
    }
}
