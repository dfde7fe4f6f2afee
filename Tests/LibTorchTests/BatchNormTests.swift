import LibTorch
import Testing

@Suite("Batch normalisation")
struct BatchNormTests {
    private static let epsilon = 1e-5

    private func batch(_ shape: [Int], seed: UInt64) throws -> Tensor {
        let tensor = try Tensor.zeros(shape, dtype: .float64)
        try Generator(seed: seed).fillNormal(tensor, mean: 3, standardDeviation: 2)
        return tensor
    }

    /// The values of each channel, for [N, C] and [N, C, H, W].
    private func channels(_ tensor: Tensor) throws -> [[Double]] {
        let shape = try tensor.shape
        let inner = shape.dropFirst(2).reduce(1, *)
        var result = [[Double]](repeating: [], count: shape[1])
        for (position, value) in try tensor.doubles.enumerated() {
            result[position / inner % shape[1]].append(value)
        }
        return result
    }

    private func buffer(_ name: String, of norm: BatchNorm) throws -> [Double] {
        try #require(norm.stateDictionary().first { $0.name == name }).tensor.doubles
    }

    @Test(
        "In training each channel is normalised by its own mean and variance, then scaled",
        arguments: [[7, 3], [2, 3, 4, 5], [2, 3]]
    )
    func training(_ shape: [Int]) throws {
        let norm = try BatchNorm(3, dtype: .float64)
        try norm.weight.copyElements(from: Tensor([1, 2, -3.0]))
        try norm.bias.copyElements(from: Tensor([0, 10, 20.0]))
        let input = try batch(shape, seed: 1)
        let output = try channels(norm(input, ForwardPass(isTraining: true)))
        for (channel, values) in try channels(input).enumerated() {
            let (mean, variance) = moments(values)
            let expected = values.map {
                ($0 - mean) / (variance + Self.epsilon).squareRoot() * [1, 2, -3][channel]
                    + [0, 10, 20][channel]
            }
            #expect(largestDifference(output[channel], expected) < 1e-12)
        }
    }

    @Test("The running statistics move a tenth of the way to each batch; the variance is unbiased")
    func runningStatistics() throws {
        let norm = try BatchNorm(2, dtype: .float64)
        var (means, variances) = ([0.0, 0], [1.0, 1])
        for step in 1...4 {
            let input = try batch([5, 2, 3, 3], seed: UInt64(step))
            _ = try norm(input, ForwardPass(isTraining: true))
            for (channel, values) in try channels(input).enumerated() {
                let (mean, variance) = moments(values)
                let unbiased = variance * Double(values.count) / Double(values.count - 1)
                means[channel] += 0.1 * (mean - means[channel])
                variances[channel] += 0.1 * (unbiased - variances[channel])
            }
            #expect(try largestDifference(buffer("running_mean", of: norm), means) < 1e-12)
            #expect(try largestDifference(buffer("running_var", of: norm), variances) < 1e-12)
            #expect(try buffer("num_batches_tracked", of: norm) == [Double(step)])
        }
    }

    @Test("The momentum is the share of the newest batch")
    func momentum() throws {
        let norm = try BatchNorm(1, momentum: 1, dtype: .float64)
        _ = try norm(Tensor([1, 3.0], shape: [2, 1]), ForwardPass(isTraining: true))
        #expect(try buffer("running_mean", of: norm) == [2])
        #expect(try buffer("running_var", of: norm) == [2])
    }

    @Test("In evaluation the running statistics are used and nothing changes")
    func evaluation() throws {
        let norm = try BatchNorm(2, dtype: .float64)
        try norm.load(
            [
                "weight": Tensor([1, 2.0]), "bias": Tensor([0, 5.0]),
                "running_mean": Tensor([1, -1.0]), "running_var": Tensor([4, 0.25]),
                "num_batches_tracked": Tensor([Int64(9)], shape: []),
            ]
        )
        let before = try norm.stateDictionary().map { try $0.tensor.doubles }
        let output = try norm(Tensor([1, 1, 5, -3.0], shape: [2, 2]), ForwardPass())
        let deviations = [4, 0.25].map { ($0 + Self.epsilon).squareRoot() }
        let expected = [0, 4 / deviations[1] + 5, 4 / deviations[0], -4 / deviations[1] + 5]
        #expect(try largestDifference(output.doubles, expected) < 1e-12)
        #expect(try norm.stateDictionary().map { try $0.tensor.doubles } == before)
    }

    @Test("A single value per channel is fine in evaluation")
    func singleValueInEvaluation() throws {
        let norm = try BatchNorm(3)
        #expect(try norm(.ones([1, 3]), ForwardPass()).shape == [1, 3])
        #expect(try norm(.ones([0, 3]), ForwardPass()).shape == [0, 3])
    }

    @Test(
        "A single value per channel is refused in training, and nothing is counted",
        arguments: [[1, 3], [1, 3, 1, 1], [0, 3]]
    )
    func singleValueInTraining(_ shape: [Int]) throws {
        let norm = try BatchNorm(3)
        let message = refusal { try norm(.ones(shape), ForwardPass(isTraining: true)) }
        #expect(message.contains("more than one value per channel"))
        #expect(message.contains("\(shape)"))
        #expect(try buffer("num_batches_tracked", of: norm) == [0])
    }

    @Test(
        "A batch with other channels or none is refused, and nothing is counted",
        arguments: [[5, 4], [3, 5], [6], [], [2, 2, 3]],
        [true, false]
    )
    func wrongChannels(_ shape: [Int], isTraining: Bool) throws {
        let norm = try BatchNorm(3)
        let message = refusal { try norm(.ones(shape), ForwardPass(isTraining: isTraining)) }
        #expect(message == "batch norm 3 does not take a batch of shape \(shape)")
        #expect(try buffer("num_batches_tracked", of: norm) == [0])
    }

    @Test("A batch of another element type is refused, and nothing is counted")
    func wrongType() throws {
        let norm = try BatchNorm(3)
        let input = try Tensor.ones([4, 3], dtype: .int64)
        #expect(!refusal { try norm(input, ForwardPass(isTraining: true)) }.isEmpty)
        #expect(try buffer("num_batches_tracked", of: norm) == [0])
    }

    @Test("Batches are counted also beyond what float32 can count")
    func manyBatches() throws {
        let norm = try BatchNorm(1)
        let count = try #require(norm.stateDictionary().last).tensor
        try count.copyElements(from: Tensor([Int64(1 << 24)], shape: []))
        for step in 1...2 {
            _ = try norm(Tensor([Float(1), 2], shape: [2, 1]), ForwardPass(isTraining: true))
            #expect(try count.scalars() == [Int64(1 << 24 + step)])
        }
    }

    @Test("Shifting a whole channel changes nothing, so the input's gradient sums to zero")
    func gradient() throws {
        let norm = try BatchNorm(3, dtype: .float64)
        let input = try batch([6, 3], seed: 5).requiringGradient()
        let output = try norm(input, ForwardPass(isTraining: true))
        try (output * output * output).sum().backward()
        let gradient = try #require(try input.gradient)
        #expect(try gradient.absolute().sum().item() > 0.1)
        #expect(try largestDifference(gradient.sum([0]).doubles, [0, 0, 0]) < 1e-12)
        #expect(try norm.bias.gradient != nil && norm.weight.gradient != nil)
    }

    @Test("The shape stays; a shape without these channels is refused")
    func outputShape() throws {
        let norm = try BatchNorm(3)
        #expect(norm.summary == "batch norm 3")
        #expect(try norm.outputShape(for: [3]) == [3])
        #expect(try norm.outputShape(for: [3, 8, 8]) == [3, 8, 8])
        #expect(refusal { try norm.outputShape(for: [4]) }.contains("[4]"))
        #expect(refusal { try norm.outputShape(for: []) }.contains("[]"))
    }

    @Test("Without channels there is nothing to normalise", arguments: [0, -1])
    func noChannels(_ channels: Int) {
        #expect(refusal { try BatchNorm(channels) }.contains("\(channels)"))
    }
}
