import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels

/// Networks and data that the measurements are tried on.
enum Subjects {
    /// An untrained network for digits.
    static func network(dtype: DType = .float32) throws -> MLP {
        try MLP(
            inputShape: [1, 8, 8],
            widths: [24, 12],
            classCount: 10,
            activation: .tanh,
            generator: Generator(seed: 3),
            dtype: dtype
        )
    }

    /// A linear softmax classifier of `inputs` numbers in float64.
    static func linear(inputs: Int, classes: Int) throws -> MLP {
        try MLP(
            inputShape: [inputs],
            widths: [],
            classCount: classes,
            generator: Generator(seed: 5),
            dtype: .float64
        )
    }

    /// Some of the digits' test examples.
    static func digits(_ count: Int = 60) throws -> Dataset {
        try Digits.load().test.evenlySpaced(count)
    }

    /// Normal numbers in float64.
    static func numbers(_ shape: [Int], seed: UInt64) throws -> Tensor {
        let numbers = try Tensor.zeros(shape, dtype: .float64)
        try Generator(seed: seed).fillNormal(numbers)
        return numbers
    }
}
