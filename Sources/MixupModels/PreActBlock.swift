import LibTorch

/// A residual block with pre-activation (He et al., 2016): batch normalisation and ReLU come before
/// every convolution, and the input is added to the result.
///
/// Parameters are named `bn1`, `conv1`, `bn2`, …, and `shortcut.0` where the input is convolved
/// before it is added.
public final class PreActBlock: Block {
    /// What a convolution in the shortcut is applied to.
    public enum ShortcutInput: Sendable {
        /// The input behind the block's first normalisation and ReLU, as in the PreActResNets.
        case activated
        /// The block's input itself, as in the authors' Wide-ResNet.
        case raw
    }

    /// The convolutions of the residual branch, in order.
    public let convolutions: [Convolution]
    /// The normalisations, one before each convolution.
    public let norms: [BatchNorm]
    /// The 1×1 convolution of the input where its shape changes; `nil` where the input is added.
    public let shortcut: Convolution?
    /// What the shortcut's convolution is applied to.
    public let shortcutInput: ShortcutInput

    /// Creates a block of given convolutions.
    ///
    /// - Throws: `TorchError` if there is none, or if they do not fit one another.
    public init(
        _ convolutions: [Convolution],
        shortcut: Convolution?,
        shortcutInput: ShortcutInput,
        dtype: DType = .float32
    ) throws {
        guard let first = convolutions.first, let last = convolutions.last else {
            throw TorchError("a residual block needs at least one convolution")
        }
        let added = (shortcut?.inputs ?? first.inputs, shortcut?.outputs ?? first.inputs)
        guard added == (first.inputs, last.outputs),
            zip(convolutions, convolutions.dropFirst()).allSatisfy({ $0.outputs == $1.inputs })
        else {
            throw TorchError(
                "the channels of a residual block do not fit one another: "
                    + convolutions.map(\.summary).joined(separator: "; ")
                    + (shortcut.map { "; shortcut: " + $0.summary } ?? "; without a shortcut")
            )
        }
        self.convolutions = convolutions
        self.shortcut = shortcut
        self.shortcutInput = shortcutInput
        norms = try convolutions.map { try BatchNorm($0.inputs, dtype: dtype) }
    }

    /// Normalisations and convolutions in turn, and the shortcut.
    public var children: [(name: String, module: any Module)] {
        var parts: [(name: String, module: any Module)] = []
        for (index, (norm, convolution)) in zip(norms, convolutions).enumerated() {
            parts += [("bn\(index + 1)", norm), ("conv\(index + 1)", convolution)]
        }
        return parts + (shortcut.map { [("shortcut.0", $0)] } ?? [])
    }

    /// Computes [N, C, H, W] → [N, C′, H′, W′].
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        var bypass = input
        var state = input
        for (index, (norm, convolution)) in zip(norms, convolutions).enumerated() {
            let activated = try norm(state, pass).relu()
            if index == 0, let shortcut {
                bypass = try shortcut(shortcutInput == .raw ? input : activated, pass)
            }
            state = try convolution(activated, pass)
        }
        return try state + bypass
    }

    /// The shape behind the branch, which the shortcut must have too.
    public func outputShape(for input: [Int]) throws -> [Int] {
        let branch = try convolutions.reduce(input) { try $1.outputShape(for: $0) }
        let bypass = try shortcut?.outputShape(for: input) ?? input
        guard branch == bypass else {
            throw TorchError(
                "\(summary) makes \(branch) of an input of shape \(input), but its shortcut "
                    + "\(bypass)"
            )
        }
        return branch
    }

    /// The shapes that the normalisations get, for an input of shape `input`.
    func normalizedShapes(for input: [Int]) throws -> [[Int]] {
        try convolutions.dropLast().reduce(into: [input]) { shapes, convolution in
            shapes.append(try convolution.outputShape(for: shapes.last ?? input))
        }
    }

    /// The convolutions' sizes and the channels: "residual block 3×3, 3×3, 64 → 128".
    public var summary: String {
        let sizes = convolutions.map { "\($0.kernelSize)×\($0.kernelSize)" }
        let ends = (convolutions.first?.inputs ?? 0, convolutions.last?.outputs ?? 0)
        return "residual block \(sizes.joined(separator: ", ")), \(ends.0) → \(ends.1)"
    }
}
