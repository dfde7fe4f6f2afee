import LibTorch
import ManifoldMixup

/// A fully connected network: hidden layers of given widths, each followed by a mixing site, and a
/// linear output.
///
/// A hidden layer is linear, batch normalisation if wanted, activation, dropout if wanted; the site lies
/// behind all of these. Parameters are named `fc1`, `bn1`, `fc2`, ….
///
/// One hidden layer may be a bottleneck, which is linear and nothing else: the representation that
/// the paper mixes and measures in its appendices B and G. Boundary k lies behind hidden layer k, so
/// that S = {k} mixes at a bottleneck k only. The network of appendix G with 12 units:
///
/// ```swift
/// try MLP(
///     inputShape: [1, 28, 28],
///     widths: [1024, 1024, 1024, 12, 1024, 1024, 1024, 1024],
///     classCount: 10,
///     activation: .leakyReLU,
///     bottleneck: 4,  // mixed at boundary 4, "hidden4"
///     generator: Generator(seed: 1)
/// )
/// ```
public final class MLP: DescribedClassifier {
    /// The blocks.
    public let network: Sequential
    /// The shape of one input; it is flattened first.
    public let inputShape: [Int]

    /// Creates a network with PyTorch's default initialisation.
    ///
    /// - Parameters:
    ///   - inputShape: of one example, [C, H, W] or [D].
    ///   - widths: of the hidden layers; none makes a linear classifier.
    ///   - classCount: the number of logits.
    ///   - activation: the function in every hidden layer.
    ///   - dropout: the probability in every hidden layer, in [0, 1).
    ///   - batchNorm: whether every hidden layer is normalised over the batch.
    ///   - bottleneck: the number, from 1, of a hidden layer without activation, normalisation and
    ///     dropout; `nil` for none.
    ///   - generator: draws the first weights.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` for a width that is not positive, a probability out of range, or a
    ///   bottleneck that is no hidden layer.
    public init(
        inputShape: [Int],
        widths: [Int],
        classCount: Int,
        activation: Activation.Function = .relu,
        dropout: Double = 0,
        batchNorm: Bool = false,
        bottleneck: Int? = nil,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        guard bottleneck.map({ $0 >= 1 && $0 <= widths.count }) ?? true else {
            throw TorchError(
                "the bottleneck must be one of the \(widths.count) hidden layers, counted from 1, "
                    + "not \(bottleneck ?? 0)"
            )
        }
        self.inputShape = inputShape
        var blocks: [(name: String, block: any Block)] = [("flatten", Flatten())]
        var width = inputShape.reduce(1, *)
        for (index, next) in widths.enumerated() {
            let number = index + 1
            blocks.append(
                ("fc\(number)", try Linear(width, next, generator: generator, dtype: dtype))
            )
            let isBottleneck = number == bottleneck
            if batchNorm, !isBottleneck {
                blocks.append(("bn\(number)", try BatchNorm(next, dtype: dtype)))
            }
            if !isBottleneck {
                blocks.append(("activation\(number)", Activation(activation)))
            }
            if dropout != 0, !isBottleneck {
                blocks.append(("dropout\(number)", try Dropout(dropout)))
            }
            blocks.append(("site\(number)", MixingSite("hidden\(number)")))
            width = next
        }
        let output = try Linear(width, classCount, generator: generator, dtype: dtype)
        blocks.append(("fc\(widths.count + 1)", output))
        network = Sequential(blocks)
    }
}
