/// Batch normalisation of [N, C] or [N, C, H, W], as PyTorch's BatchNorm1d and BatchNorm2d do it.
public final class BatchNorm: Block {
    /// [C].
    public let weight: Tensor
    /// [C].
    public let bias: Tensor
    /// The moving average of the minibatches' means, [C].
    public let runningMean: Tensor
    /// The moving average of the minibatches' unbiased variances, [C].
    public let runningVariance: Tensor
    /// The number of minibatches in the averages, one whole number.
    public let batchCount: Tensor
    /// The number of channels, C.
    public let channels: Int
    /// The share of the newest batch in the running statistics.
    public let momentum: Double
    /// Added to the variance, against a division by zero.
    public let epsilon: Double

    /// Creates the block with weights of one, biases of zero and no statistics yet.
    ///
    /// - Parameters:
    ///   - channels: the number of channels, C.
    ///   - momentum: the share of the newest batch in the running statistics.
    ///   - epsilon: added to the variance, against a division by zero.
    ///   - dtype: the element type.
    /// - Throws: `TorchError` if there is no channel.
    public init(
        _ channels: Int,
        momentum: Double = 0.1,
        epsilon: Double = 1e-5,
        dtype: DType = .float32
    ) throws {
        guard channels > 0 else {
            throw TorchError("batch normalisation needs at least one channel, not \(channels)")
        }
        self.channels = channels
        self.momentum = momentum
        self.epsilon = epsilon
        weight = try Tensor.ones([channels], dtype: dtype).requiringGradient()
        bias = try Tensor.zeros([channels], dtype: dtype).requiringGradient()
        runningMean = try Tensor.zeros([channels], dtype: dtype)
        runningVariance = try Tensor.ones([channels], dtype: dtype)
        batchCount = try Tensor.zeros([], dtype: .int64)
    }

    /// Weight and bias, and the running statistics.
    public var ownTensors: [NamedTensor] {
        [
            NamedTensor("weight", weight),
            NamedTensor("bias", bias),
            NamedTensor("running_mean", runningMean, role: .buffer),
            NamedTensor("running_var", runningVariance, role: .buffer),
            NamedTensor("num_batches_tracked", batchCount, role: .buffer),
        ]
    }

    /// Normalises with the statistics of the batch in training, with the running ones otherwise.
    ///
    /// - Throws: `TorchError` for another number of channels, and in training for a single value per
    ///   channel, which has no variance.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        let shape = try input.shape
        guard shape.count >= 2, shape[1] == channels else {
            throw TorchError("\(summary) does not take a batch of shape \(shape)")
        }
        let output: Tensor
        if pass.isTraining, let group = pass.statisticsGroup, group.count > 1 {
            output = try normalized(input, over: group)
        } else {
            if pass.isTraining {
                try requireVariance(count: input.elementCount / channels, shape: shape)
            }
            output = try input.batchNormalized(
                weight: weight,
                bias: bias,
                runningMean: runningMean,
                runningVariance: runningVariance,
                training: pass.isTraining,
                momentum: momentum,
                epsilon: epsilon
            )
        }
        if pass.isTraining {
            // Whole numbers: a plain 1 would make float32 of the sum, which cannot pass 2²⁴.
            let one = try Tensor.ones([], dtype: .int64, device: batchCount.device)
            try batchCount.copyElements(from: batchCount + one)
        }
        return output
    }

    /// Normalises with the statistics of all ranks' batches together.
    ///
    /// The mean comes first, and then the mean square of what is left: the two sums of one pass over
    /// the batch would lose the variance of values far from 0 to rounding.
    private func normalized(_ input: Tensor, over group: ProcessGroup) throws -> Tensor {
        let shape = try input.shape
        let dimensions = [0] + Array(2..<max(shape.count, 2))
        let perChannel = [1, channels] + shape.dropFirst(2).map { _ in 1 }
        let values = try input.to(weight.dtype)
        let ownCount = try Tensor(
            [Double(values.elementCount / channels)],
            device: values.device
        ).to(weight.dtype)
        let sums = try group.sum(of: .concatenated([values.sum(dimensions), ownCount]))
        let count = try sums.rows(channels, count: 1).item()
        try requireVariance(count: Int(count), shape: shape)
        let mean = try sums.rows(0, count: channels) * (1 / count)
        let centred = try values - mean.reshaped(perChannel)
        let squares = try group.sum(of: (centred * centred).sum(dimensions))
        let variance = try squares * (1 / count)
        try withoutGradients {
            let unbiased = try squares * (1 / (count - 1))
            for (running, value) in [(runningMean, mean), (runningVariance, unbiased)] {
                try running.copyElements(from: running.interpolated(to: value, weight: momentum))
            }
        }
        let scale = try weight / (variance + epsilon).squareRoot()
        let output = try centred * scale.reshaped(perChannel) + bias.reshaped(perChannel)
        return try output.to(input.dtype)
    }

    private func requireVariance(count: Int, shape: [Int]) throws {
        guard count > 1 else {
            throw TorchError(
                "batch normalisation in training needs more than one value per channel, but the "
                    + "batch has shape \(shape); use a larger batch"
            )
        }
    }

    /// The shape of the input, [C] or [C, H, W].
    public func outputShape(for input: [Int]) throws -> [Int] {
        guard input.first == channels else {
            throw TorchError("\(summary) does not take an input of shape \(input)")
        }
        return input
    }

    /// The number of channels.
    public var summary: String { "batch norm \(channels)" }
}
