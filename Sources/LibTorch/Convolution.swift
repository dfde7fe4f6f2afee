/// A two-dimensional convolution with square filters.
public final class Convolution: Block {
    /// The filters, [outputs, inputs, kernel size, kernel size].
    public let weight: Tensor
    /// [outputs]; `nil` without a bias.
    public let bias: Tensor?
    /// The number of channels that come in.
    public let inputs: Int
    /// The number of channels that go out.
    public let outputs: Int
    /// The height and the width of a filter, in pixels.
    public let kernelSize: Int
    /// The distance between neighbouring windows, in pixels.
    public let stride: Int
    /// The zeros around the image on every side, in pixels.
    public let padding: Int

    /// Creates a layer with PyTorch's default initialisation: weights and biases uniform in
    /// ±1/√(inputs · kernel size²).
    ///
    /// - Parameters:
    ///   - inputs: the number of channels that come in.
    ///   - outputs: the number of channels that go out.
    ///   - kernelSize: the height and the width of a filter, in pixels.
    ///   - stride: the distance between neighbouring windows, in pixels.
    ///   - padding: the zeros around the image on every side, in pixels.
    ///   - hasBias: whether a learned number is added to every output channel.
    ///   - generator: draws the first weights.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` for a size that is not positive, or a padding that is not in
    ///   `0 ..< kernelSize`: windows of nothing but zeros would say nothing.
    public init(
        _ inputs: Int,
        _ outputs: Int,
        kernelSize: Int,
        stride: Int = 1,
        padding: Int = 0,
        hasBias: Bool = true,
        generator: Generator,
        dtype: DType = .float32
    ) throws {
        guard inputs > 0, outputs > 0, kernelSize > 0, stride > 0 else {
            throw TorchError(
                "a convolution needs positive sizes, not \(inputs) → \(outputs) channels with a "
                    + "kernel of \(kernelSize) and a stride of \(stride)"
            )
        }
        guard (0..<kernelSize).contains(padding) else {
            throw TorchError(
                "the padding of a convolution must be in 0 ..< \(kernelSize), its kernel's size, "
                    + "not \(padding)"
            )
        }
        self.inputs = inputs
        self.outputs = outputs
        self.kernelSize = kernelSize
        self.stride = stride
        self.padding = padding
        let side = Double(kernelSize)
        let fanIn = Double(inputs) * side * side
        let shape = [outputs, inputs, kernelSize, kernelSize]
        weight = try generator.parameter(shape, fanIn: fanIn, dtype: dtype)
        bias = hasBias ? try generator.parameter([outputs], fanIn: fanIn, dtype: dtype) : nil
    }

    /// Weight, and bias if there is one.
    public var ownTensors: [NamedTensor] {
        [NamedTensor("weight", weight)] + (bias.map { [NamedTensor("bias", $0)] } ?? [])
    }

    /// Computes [N, inputs, H, W] → [N, outputs, H′, W′].
    ///
    /// - Throws: `TorchError` for a batch of another form; see ``outputShape(for:)``.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        _ = try outputShape(for: Array(input.shape.dropFirst()))
        return try input.convolved(weight: weight, bias: bias, stride: stride, padding: padding)
    }

    /// [outputs, H′, W′] with H′ = ⌊(H + 2 · padding − kernel size) / stride⌋ + 1, and W′ likewise.
    ///
    /// - Throws: `TorchError` for another number of channels or dimensions, and for an image that
    ///   is smaller than a filter.
    public func outputShape(for input: [Int]) throws -> [Int] {
        guard input.count == 3, input[0] == inputs else {
            throw TorchError(
                "\(summary) does not take an input of shape \(input); it needs [\(inputs), H, W]"
            )
        }
        let windows = input.dropFirst().map { $0 + 2 * padding - kernelSize }
        guard windows.allSatisfy({ $0 >= 0 }) else {
            throw TorchError(
                "\(summary) does not take an input of shape \(input); the image is too small"
            )
        }
        return [outputs] + windows.map { $0 / stride + 1 }
    }

    /// The filters' size, the channels, and the stride where it is not 1.
    public var summary: String {
        "convolution \(kernelSize)×\(kernelSize), \(inputs) → \(outputs)"
            + (stride == 1 ? "" : ", stride \(stride)")
    }
}
