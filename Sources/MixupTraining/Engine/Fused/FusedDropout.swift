internal import CTrainKernels
import LibTorch

/// Dropout, with the masks that the autograd engine would draw from the same generator.
final class FusedDropout: FusedLayer {
    private let probability: Double
    private let shape: [Int]
    private let input: FusedState
    private let output: FusedState
    private let mask: FusedState
    private var like: Tensor?
    /// What is kept grows by so much.
    private var scale: Float { Float(1 / (1 - probability)) }

    init(_ probability: Double, shape: [Int], input: FusedState, output: FusedState) throws {
        self.probability = probability
        self.shape = shape
        self.input = input
        self.output = output
        mask = try FusedState(input.form, needsGradient: false)
    }

    var states: [FusedState] { [output, mask] }

    func shareGradients(_ memory: GradientMemory) {
        input.gradientMemory = output.gradientMemory
    }

    func forward(_ pass: FusedPass) throws {
        guard pass.isTraining else {
            output.values = input.values
            return
        }
        try output.prepareValues(batch: pass.batch)
        guard let generator = pass.dropoutGenerator else {
            throw TorchError("dropout in training needs a dropout generator")
        }
        let like = try self.like(batch: pass.batch)
        let kept = 1 - probability
        let factors = try generator.bernoulli(like: like, probability: kept)
        let team = pass.team.pointer
        try factors.withKernelExamples { ctk_planes_from_examples(team, $0, nil, &mask.values) }
        ctk_multiply(team, &mask.values, scale, &input.values, &output.values)
    }

    func backward(_ pass: FusedPass) {
        guard input.needsGradient else { return }
        var gradient = output.gradient
        ctk_multiply(pass.team.pointer, &mask.values, scale, &gradient, &output.gradient)
    }

    /// A tensor of the shape that the masks have.
    private func like(batch: Int) throws -> Tensor {
        if let like, try like.shape.first == batch { return like }
        let made = try Tensor.zeros([batch] + shape)
        like = made
        return made
    }
}

extension Dropout: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        guard probability > 0 else { return }
        let input = try network.state()
        let output = try FusedState(input.form, needsGradient: input.needsGradient)
        let layer = try FusedDropout(
            probability,
            shape: network.shape,
            input: input,
            output: output
        )
        network.append(layer, output: output, shape: network.shape)
    }
}

extension Flatten: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        try network.reshape(outputShape(for: network.shape))
    }
}
