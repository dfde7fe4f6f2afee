import LibTorch
import ManifoldMixup

/// A Wide-ResNet (Zagoruyko and Komodakis, 2016), as the paper's authors trained it.
///
/// A 3×3 convolution with 16 channels is followed by three stages of ``PreActBlock``, with 16, 32 and 64
/// times `widenFactor` channels, batch normalisation, ReLU, the mean over the image, and a linear
/// output. The sites "layer1", "layer2" and "layer3", boundaries 1 to 3, lie behind the stages.
///
/// The authors' network differs from the published one: its convolutions have biases, the second
/// convolution of a block has the stride instead of the first, the shortcut's convolution takes the
/// block's input as it is instead of normalised and activated, and the last normalisation has the
/// momentum 0.9. `isTextbook` undoes all four. Parameters are named `conv1`, `layer1.0.bn1`, …, `bn1`,
/// `linear`.
public final class WideResNet: DescribedClassifier {
    /// The blocks.
    public let network: Sequential
    /// The shape of one input, [C, H, W].
    public let inputShape: [Int]

    /// Creates a network with PyTorch's default initialisation.
    ///
    /// - Parameters:
    ///   - depth: the number of layers, 6n + 4 for n blocks in every stage; 28 in the paper.
    ///   - widenFactor: how many times wider than a plain residual network; 10 in the paper.
    ///   - inputShape: of one image, [C, H, W].
    ///   - classCount: the number of logits.
    ///   - width: the number of channels of the first convolution.
    ///   - isTextbook: whether it is the published network instead of the authors'.
    ///   - generator: draws the first weights.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` for a depth that is not 10, 16, 22, 28, …, for a width or a number of
    ///   classes that is not positive, and for inputs that are not images.
    public init(
        depth: Int = 28,
        widenFactor: Int = 10,
        inputShape: [Int],
        classCount: Int,
        width: Int = 16,
        isTextbook: Bool = false,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        guard (10...10_000).contains(depth), (depth - 4).isMultiple(of: 6) else {
            throw TorchError(
                "the depth of a Wide-ResNet must be 6n + 4: 10, 16, 22, 28, …, not \(depth)"
            )
        }
        self.inputShape = inputShape
        let widths = [width, widenFactor]
        let channels = try ResidualStages.imageChannels(inputShape, widths: widths)
        func convolution(
            _ inputs: Int,
            _ outputs: Int,
            _ kernelSize: Int = 3,
            stride: Int = 1
        ) throws -> Convolution {
            try Convolution(
                inputs,
                outputs,
                kernelSize: kernelSize,
                stride: stride,
                padding: kernelSize / 2,
                hasBias: !isTextbook,
                generator: generator,
                dtype: dtype
            )
        }
        var blocks: ResidualStages.NamedBlocks = [("conv1", try convolution(channels, width))]
        var current = width
        let depths = [Int](repeating: (depth - 4) / 6, count: 3)
        blocks += try ResidualStages.make(depths: depths, siteCount: 3) { stage, stride in
            let next = width * widenFactor << stage
            defer { current = next }
            let strides = isTextbook ? (stride, 1) : (1, stride)
            let keepsShape = stride == 1 && current == next
            return try PreActBlock(
                [
                    try convolution(current, next, stride: strides.0),
                    try convolution(next, next, stride: strides.1),
                ],
                shortcut: keepsShape ? nil : convolution(current, next, 1, stride: stride),
                shortcutInput: isTextbook ? .activated : .raw,
                dtype: dtype
            )
        }
        let momentum = isTextbook ? 0.1 : 0.9
        blocks += [
            ("bn1", try BatchNorm(current, momentum: momentum, dtype: dtype)),
            ("relu", Activation(.relu)),
            ("pool", GlobalAveragePool()),
            ("linear", try Linear(current, classCount, generator: generator, dtype: dtype)),
        ]
        network = Sequential(blocks)
    }
}
