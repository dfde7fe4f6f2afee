import LibTorch
import ManifoldMixup
import MixupModels
import Testing

/// What a parity file says of its network; `Description` in `scripts/parity/networks.py`.
struct NetworkDescription {
    /// The file's metadata.
    let metadata: [String: String]

    func text(_ key: String) throws -> String {
        try #require(metadata[key], "the file lacks the metadata '\(key)'")
    }

    func number<Number: LosslessStringConvertible>(_ key: String) throws -> Number {
        try #require(Number(text(key)), "the metadata '\(key)' is no number")
    }

    func numbers(_ key: String) throws -> [Int] {
        try text(key).split(separator: " ").map { try #require(Int($0)) }
    }

    /// The network, with weights of Swift's own.
    func build(dtype: DType = .float32, seed: UInt64 = 0) throws -> any DescribedClassifier {
        let isTextbook = try text("textbook") == "true"
        let inputShape = try numbers("input_shape")
        let classCount: Int = try number("classes")
        let generator = try Generator(seed: seed)
        switch try text("family") {
        case "preact-resnet":
            return try PreActResNet(
                #require(PreActResNet.Depth(rawValue: number("depth"))),
                inputShape: inputShape,
                classCount: classCount,
                width: number("width"),
                initialStride: number("initial_stride"),
                hasFinalNorm: isTextbook,
                generator: generator,
                dtype: dtype
            )
        case "wide-resnet":
            return try WideResNet(
                depth: number("depth"),
                widenFactor: number("widen_factor"),
                inputShape: inputShape,
                classCount: classCount,
                width: number("width"),
                isTextbook: isTextbook,
                generator: generator,
                dtype: dtype
            )
        case let family:
            try #require(family == "mlp")
            return try MLP(
                inputShape: inputShape,
                widths: numbers("widths"),
                classCount: classCount,
                activation: .leakyReLU,
                bottleneck: number("bottleneck"),
                generator: generator,
                dtype: dtype
            )
        }
    }
}
