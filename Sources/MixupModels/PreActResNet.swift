import LibTorch
import ManifoldMixup

/// A residual network with pre-activation (He et al., 2016), as the paper's authors trained it.
///
/// A 3×3 convolution is followed by four stages of ``PreActBlock``, with `width`, 2, 4 and 8 times as
/// many channels, the mean over the image, and a linear output. The sites "layer1", "layer2" and
/// "layer3", boundaries 1 to 3, lie behind the first three stages. The authors drew from {0, 1, 2}.
///
/// The authors' network lacks the batch normalisation and ReLU that textbooks put behind the last
/// stage; `hasFinalNorm` adds them, with the name `bn`. Parameters are named `conv1`,
/// `layer1.0.bn1`, …, `linear`.
public final class PreActResNet: DescribedClassifier {
    /// How deep the network is; the number counts its layers.
    public enum Depth: Int, Sendable, CaseIterable, Codable {
        /// [2, 2, 2, 2] blocks of two convolutions.
        case eighteen = 18
        /// [3, 4, 6, 3] blocks of two convolutions.
        case thirtyFour = 34
        /// [3, 4, 6, 3] blocks of three convolutions, with bottleneck.
        case fifty = 50
        /// [3, 8, 36, 3] blocks of three convolutions, with bottleneck.
        case oneHundredFiftyTwo = 152

        /// The number of blocks in every stage.
        public var blockCounts: [Int] {
            switch self {
            case .eighteen: [2, 2, 2, 2]
            case .thirtyFour, .fifty: [3, 4, 6, 3]
            case .oneHundredFiftyTwo: [3, 8, 36, 3]
            }
        }

        /// Whether a block is 1×1, 3×3 and 1×1 convolutions with four times as many channels behind.
        public var hasBottleneck: Bool { rawValue >= 50 }
    }

    /// The blocks.
    public let network: Sequential
    /// The shape of one input, [C, H, W].
    public let inputShape: [Int]

    /// Creates a network with PyTorch's default initialisation.
    ///
    /// - Parameters:
    ///   - depth: 18, 34, 50 or 152 layers.
    ///   - inputShape: of one image, [C, H, W].
    ///   - classCount: the number of logits.
    ///   - width: the number of channels in the first stage; 64 in the paper.
    ///   - initialStride: of the first convolution; the authors took 2 for images of 64 × 64.
    ///   - hasFinalNorm: whether batch normalisation and ReLU follow the last stage, as in textbooks.
    ///   - generator: draws the first weights.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` for a width, a number of classes or a stride that is not positive, and
    ///   for inputs that are not images.
    public init(
        _ depth: Depth,
        inputShape: [Int],
        classCount: Int,
        width: Int = 64,
        initialStride: Int = 1,
        hasFinalNorm: Bool = false,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        self.inputShape = inputShape
        let channels = try ResidualStages.imageChannels(inputShape, widths: [width])
        func convolution(
            _ inputs: Int,
            _ outputs: Int,
            _ kernelSize: Int,
            stride: Int = 1
        ) throws -> Convolution {
            try Convolution(
                inputs,
                outputs,
                kernelSize: kernelSize,
                stride: stride,
                padding: kernelSize / 2,
                hasBias: false,
                generator: generator,
                dtype: dtype
            )
        }
        let first = try convolution(channels, width, 3, stride: initialStride)
        var blocks: ResidualStages.NamedBlocks = [("conv1", first)]
        var current = width
        let depths = depth.blockCounts
        blocks += try ResidualStages.make(depths: depths, siteCount: 3) { stage, stride in
            let inner = width << stage
            let outer = depth.hasBottleneck ? 4 * inner : inner
            defer { current = outer }
            let convolutions =
                depth.hasBottleneck
                ? [
                    try convolution(current, inner, 1),
                    try convolution(inner, inner, 3, stride: stride),
                    try convolution(inner, outer, 1),
                ]
                : [
                    try convolution(current, outer, 3, stride: stride),
                    try convolution(outer, outer, 3),
                ]
            let keepsShape = stride == 1 && current == outer
            return try PreActBlock(
                convolutions,
                shortcut: keepsShape ? nil : convolution(current, outer, 1, stride: stride),
                shortcutInput: .activated,
                dtype: dtype
            )
        }
        if hasFinalNorm {
            blocks += [("bn", try BatchNorm(current, dtype: dtype)), ("relu", Activation(.relu))]
        }
        blocks += [
            ("pool", GlobalAveragePool()),
            ("linear", try Linear(current, classCount, generator: generator, dtype: dtype)),
        ]
        network = Sequential(blocks)
    }
}
