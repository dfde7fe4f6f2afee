import LibTorch
import ManifoldMixup

/// A fully connected network: hidden layers of given widths, each followed by a mixing site, and a
/// linear output.
///
/// A hidden layer is linear, batch normalisation if wanted, activation, dropout if wanted; the site lies
/// behind all of these. Parameters are named `fc1`, `bn1`, `fc2`, ….
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
    ///   - generator: draws the first weights.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` for a width that is not positive or a probability out of range.
    public init(
        inputShape: [Int],
        widths: [Int],
        classCount: Int,
        activation: Activation.Function = .relu,
        dropout: Double = 0,
        batchNorm: Bool = false,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        self.inputShape = inputShape
        var blocks: [(name: String, block: any Block)] = [("flatten", Flatten())]
        var width = inputShape.reduce(1, *)
        for (index, next) in widths.enumerated() {
            let number = index + 1
            blocks.append(
                ("fc\(number)", try Linear(width, next, generator: generator, dtype: dtype))
            )
            if batchNorm {
                blocks.append(("bn\(number)", try BatchNorm(next, dtype: dtype)))
            }
            blocks.append(("activation\(number)", Activation(activation)))
            if dropout != 0 {
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
