internal import CTrainKernels
import LibTorch
import ManifoldMixup

/// A network of known blocks as a list of kernels, with memory for everything in between.
final class FusedNetwork {
    let input: FusedState
    let output: FusedState
    /// The learned tensors in the order of the blocks.
    let parameters: [FusedParameter]
    /// Whether hidden states are images.
    let hasImages: Bool
    /// Whether there is a hyperbolic tangent.
    let hasTanh: Bool
    /// Whether libtorch draws masks in a forward pass, which it may do with all threads.
    let hasDropout: Bool
    private let layers: [any FusedLayer]
    /// The channels of the images, where the input is their patches.
    private let patchChannels: Int?
    /// What the memory is laid out for; gradients have none before the first training pass.
    private var layout = (batch: 0, isTraining: false)

    /// Plans the kernels and their memory; the largest minibatch so far decides how much that is.
    ///
    /// - Parameter precision: of states and operands of products: bfloat16 in blocks, or floats in planes.
    /// - Throws: `NotFusible` for a block that is not known, `TorchError` for shapes that do not fit.
    init(_ model: any DescribedClassifier, precision: Precision) throws {
        let builder = FusedNetworkBuilder(
            inputShape: model.inputShape,
            blocks: model.network.flattenedBlocks(),
            isBlocked: precision == .bfloat16
        )
        try builder.build()
        guard let input = builder.input, let output = builder.current, output !== input else {
            throw NotFusible(reason: "a network without layers")
        }
        self.input = input
        self.output = output
        layers = builder.layers
        patchChannels = builder.patchChannels
        parameters = builder.parameters
        hasImages = layers.contains { layer in layer.states.contains { $0.form.border > 0 } }
        hasDropout = layers.contains { $0 is FusedDropout }
        hasTanh = model.network.flattenedBlocks().contains {
            ($0.block as? Activation)?.function == .tanh
        }
        let memory = GradientMemory()
        try memory.take(for: output)
        for layer in layers.reversed() {
            try layer.shareGradients(memory)
        }
    }

    /// The number of learned numbers.
    var weightCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// Computes the output from examples, which are mixed first if that is where they are to be mixed.
    func forward(_ examples: UnsafePointer<ctk_examples>, _ pass: FusedPass) throws {
        try prepare(pass)
        for parameter in parameters { try parameter.locate() }
        if let mix = pass.mix, mix.layer == 0 {
            mix.withKernelMix { takeExamples(examples, mix: &$0, pass) }
        } else {
            takeExamples(examples, mix: nil, pass)
        }
        for layer in layers { try layer.forward(pass) }
    }

    /// Computes the gradients of all parameters from that of the output, after a forward pass.
    func backward(_ pass: FusedPass) throws {
        for layer in layers.reversed() { try layer.backward(pass) }
    }

    private func takeExamples(
        _ examples: UnsafePointer<ctk_examples>,
        mix: UnsafePointer<ctk_mix>?,
        _ pass: FusedPass
    ) {
        let team = pass.team.pointer
        if let channels = patchChannels {
            ctk_patches_from_examples(team, examples, mix, Int64(channels), &input.values)
        } else {
            ctk_planes_from_examples(team, examples, mix, &input.values)
        }
    }

    private func prepare(_ pass: FusedPass) throws {
        guard (pass.batch, pass.isTraining) != layout else { return }
        // Where memory runs out, nothing may be taken for ready.
        layout = (0, false)
        for state in [input] + layers.flatMap(\.states) {
            try state.prepareValues(batch: pass.batch)
            if pass.isTraining { try state.prepareGradient(batch: pass.batch) }
        }
        if pass.isTraining {
            for parameter in parameters { try parameter.prepareGradient() }
        }
        layout = (pass.batch, pass.isTraining)
    }
}

/// Puts a network together, block by block.
final class FusedNetworkBuilder {
    private(set) var input: FusedState?
    /// The state that the next block takes.
    private(set) var current: FusedState?
    private(set) var layers: [any FusedLayer] = []
    private(set) var parameters: [FusedParameter] = []
    private(set) var patchChannels: Int?
    /// The shape of an example at this point, [C, H, W] or [D].
    private(set) var shape: [Int]
    /// Whether hidden states lie in blocks of bfloat16.
    let isBlocked: Bool
    private var blocks: ArraySlice<(name: String, block: any Block)>
    private var siteCount = 0

    init(
        inputShape: [Int],
        blocks: [(name: String, block: any Block)],
        isBlocked: Bool
    ) {
        shape = inputShape
        self.isBlocked = isBlocked
        self.blocks = blocks[...]
    }

    func build() throws {
        while let (name, block) = blocks.popFirst() {
            guard let fusible = block as? any FusibleBlock else {
                throw NotFusible(reason: "the block '\(name)', \(block.summary)")
            }
            try fusible.fuse(into: self)
        }
        if let current, current.form.isBlocked { try appendPlanes(of: current) }
    }

    /// Whether no block follows the one that is being appended.
    var isAtEnd: Bool { blocks.isEmpty }

    /// The state that the next layer takes; the first call makes the input.
    func state() throws -> FusedState {
        if let current { return current }
        let state = try FusedState(form(of: shape), needsGradient: false)
        (input, current) = (state, state)
        return state
    }

    /// The input as patches of 3 × 3 pixels, if that is where the network is and if they fit a block.
    func patches() throws -> FusedState? {
        guard current == nil, isBlocked, shape.count == 3, shape[0] * 9 <= 32 else { return nil }
        let state = try FusedState(
            .patches(shape[0], shape[1], shape[2]),
            needsGradient: false
        )
        (input, current) = (state, state)
        patchChannels = shape[0]
        return state
    }

    /// Ends with units in single precision.
    private func appendPlanes(of state: FusedState) throws {
        guard shape.count == 1 else { throw NotFusible(reason: "an output of images") }
        // The mean over one pixel is that pixel.
        let planes = try FusedState(
            .units(shape[0], isBlocked: false),
            needsGradient: state.needsGradient
        )
        append(FusedPool(input: state, output: planes), output: planes, shape: shape)
    }

    /// Appends a layer that makes `output`, an example of which has the given shape.
    func append(_ layer: any FusedLayer, output: FusedState, shape: [Int]) {
        layers.append(layer)
        current = output
        self.shape = shape
    }

    /// Looks at examples as of another shape, before the first layer or where it is the same.
    func reshape(_ shape: [Int]) throws {
        guard current == nil || shape == self.shape else {
            throw NotFusible(reason: "flattening a hidden state of images")
        }
        self.shape = shape
    }

    /// The activation that was appended last, which is then left to the caller; `nil` if the last layer
    /// is another one.
    func takeLastActivation() -> FusedActivation? {
        guard let activation = layers.last as? FusedActivation else { return nil }
        layers.removeLast()
        return activation
    }

    /// The number of the next mixing site.
    func nextSite() -> Int {
        siteCount += 1
        return siteCount
    }

    /// The activation that follows at once, which is then left to the caller; `nil` for none, or for
    /// one that cannot be computed together with another layer.
    func takeActivation() -> Activation.Function? {
        guard let next = blocks.first?.block as? Activation, next.function != .tanh else {
            return nil
        }
        blocks.removeFirst()
        return next.function
    }

    /// Registers a learned tensor.
    ///
    /// - Throws: `NotFusible` unless it is of single precision, in row-major order.
    func parameter(_ tensor: Tensor) throws -> FusedParameter {
        guard try tensor.dtype == .float32 else {
            throw NotFusible(reason: "weights in \(try tensor.dtype)")
        }
        do {
            let parameter = try FusedParameter(tensor)
            parameters.append(parameter)
            return parameter
        } catch let error as TorchError {
            throw NotFusible(reason: error.message)
        }
    }

    func form(of shape: [Int]) throws -> FusedState.Form {
        switch shape.count {
        case 1: return .units(shape[0], isBlocked: isBlocked)
        case 3: return .image(shape[0], shape[1], shape[2], isBlocked: isBlocked)
        default: throw NotFusible(reason: "examples of shape \(shape)")
        }
    }
}

extension Sequential {
    /// The blocks, those of sequences within the sequence in their place.
    func flattenedBlocks() -> [(name: String, block: any Block)] {
        blocks.flatMap { name, block in
            guard let sequence = block as? Sequential else { return [(name, block)] }
            return sequence.flattenedBlocks().map { (name + "." + $0.name, $0.block) }
        }
    }
}
