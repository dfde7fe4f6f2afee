import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("The residual networks")
struct ResidualNetworkTests {
    init() throws {
        // Threads that wait for each other are slow on a busy machine.
        try LibTorchRuntime.setThreadCount(1)
    }

    private func preActResNet(
        _ depth: PreActResNet.Depth = .eighteen,
        inputShape: [Int] = [3, 32, 32],
        classCount: Int = 10,
        width: Int = 4,
        initialStride: Int = 1,
        hasFinalNorm: Bool = false
    ) throws -> PreActResNet {
        try PreActResNet(
            depth,
            inputShape: inputShape,
            classCount: classCount,
            width: width,
            initialStride: initialStride,
            hasFinalNorm: hasFinalNorm,
            generator: Generator(seed: 1)
        )
    }

    private func wideResNet(
        depth: Int = 10,
        widenFactor: Int = 2,
        inputShape: [Int] = [3, 32, 32],
        width: Int = 4,
        isTextbook: Bool = false
    ) throws -> WideResNet {
        try WideResNet(
            depth: depth,
            widenFactor: widenFactor,
            inputShape: inputShape,
            classCount: 10,
            width: width,
            isTextbook: isTextbook,
            generator: Generator(seed: 1)
        )
    }

    /// The parameters of a PreActResNet for images of three channels and ten classes, in closed form.
    ///
    /// A block of `inputs` → `outputs` channels has the weights and biases of its normalisations, its
    /// filters, and a shortcut unless it keeps the shape.
    private func expectedCount(_ depth: PreActResNet.Depth, width: Int, hasFinalNorm: Bool) -> Int {
        let isDeep = depth.rawValue >= 50
        let counts = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 152: [3, 8, 36, 3]]
        var inputs = width
        var total = 27 * width
        for (stage, count) in (counts[depth.rawValue] ?? []).enumerated() {
            let inner = width << stage
            let outputs = isDeep ? 4 * inner : inner
            let norms = isDeep ? 4 * inner : 2 * inner
            func filters(_ inputs: Int) -> Int {
                isDeep
                    ? inputs * inner + 9 * inner * inner + inner * outputs
                    : 9 * inputs * inner + 9 * inner * inner
            }
            let first = 2 * inputs + norms + filters(inputs)
            let shortcut = inputs != outputs ? inputs * outputs : 0
            total += first + shortcut + (count - 1) * (2 * outputs + norms + filters(outputs))
            inputs = outputs
        }
        return total + (hasFinalNorm ? 2 * inputs : 0) + 10 * inputs + 10
    }

    @Test(
        "A PreActResNet has the parameters of the closed form",
        arguments: PreActResNet.Depth.allCases
    )
    func parameterCounts(_ depth: PreActResNet.Depth) throws {
        for (width, hasFinalNorm) in [(1, false), (2, true), (5, false)] {
            let model = try preActResNet(depth, width: width, hasFinalNorm: hasFinalNorm)
            let expected = expectedCount(depth, width: width, hasFinalNorm: hasFinalNorm)
            #expect(try model.parameterCount() == expected)
        }
        #expect(
            try preActResNet(depth, width: 64).parameterCount()
                == expectedCount(depth, width: 64, hasFinalNorm: false)
        )
    }

    @Test("The authors' PreActResNet-18 has 11,171,146 parameters for 10 classes")
    func knownCount() throws {
        #expect(expectedCount(.eighteen, width: 64, hasFinalNorm: false) == 11_171_146)
    }

    /// The weights of a Wide-ResNet without its convolutions' biases, in closed form.
    private func expectedCount(blocks: Int, factor: Int, width: Int) -> Int {
        var inputs = width
        var total = 27 * width
        for stage in 0..<3 {
            let outputs = width * factor << stage
            let first = 2 * inputs + 9 * inputs * outputs + 2 * outputs + 9 * outputs * outputs
            let other = 4 * outputs + 18 * outputs * outputs
            total += first + (inputs == outputs ? 0 : inputs * outputs) + (blocks - 1) * other
            inputs = outputs
        }
        return total + 2 * inputs + 10 * inputs + 10
    }

    @Test(
        "A Wide-ResNet has the parameters of the closed form; WRN-28-10 the published 36.5 million"
    )
    func wideParameterCounts() throws {
        #expect(expectedCount(blocks: 4, factor: 10, width: 16) == 36_479_194)
        for (depth, factor, width) in [(10, 1, 3), (16, 2, 4), (28, 2, 16), (28, 10, 16)] {
            let blocks = (depth - 4) / 6
            let expected = expectedCount(blocks: blocks, factor: factor, width: width)
            let textbook = try wideResNet(
                depth: depth,
                widenFactor: factor,
                width: width,
                isTextbook: true
            )
            #expect(try textbook.parameterCount() == expected)
            let authors = try wideResNet(depth: depth, widenFactor: factor, width: width)
            // Every convolution of a block has a bias, the shortcut's too where there is one.
            let stages = 7 * width * factor
            let shortcuts = factor == 1 ? stages - width : stages
            #expect(
                try authors.parameterCount() == expected + width + 2 * blocks * stages + shortcuts
            )
        }
    }

    @Test("Boundaries lie behind the stages, and are never inside a block")
    func sites() throws {
        for model in [try preActResNet(), try wideResNet()] as [any DescribedClassifier] {
            #expect(model.mixingSites == ["layer1", "layer2", "layer3"])
            let names = model.network.blocks.map(\.name)
            #expect(
                names.prefix(7) == [
                    "conv1", "layer1", "site1", "layer2", "site2", "layer3", "site3",
                ]
            )
        }
    }

    @Test("A PreActResNet describes its blocks with their shapes and parameters")
    func descriptions() throws {
        let lines = try preActResNet().blockDescriptions()
        #expect(
            lines.map(\.name) == [
                "conv1", "layer1", "site1", "layer2", "site2", "layer3", "site3", "layer4", "pool",
                "linear",
            ]
        )
        #expect(
            lines.map(\.outputShape) == [
                [4, 32, 32], [4, 32, 32], [4, 32, 32], [8, 16, 16], [8, 16, 16], [16, 8, 8],
                [16, 8, 8], [32, 4, 4], [32], [10],
            ]
        )
        #expect(lines.first?.summary == "convolution 3×3, 3 → 4")
        #expect(try lines.map(\.parameterCount).reduce(0, +) == preActResNet().parameterCount())
        let stage = try #require(try preActResNet().network.blocks[3].block as? Sequential)
        #expect(
            stage.blocks.map(\.block.summary) == [
                "residual block 3×3, 3×3, 4 → 8", "residual block 3×3, 3×3, 8 → 8",
            ]
        )
    }

    @Test("With an initial stride of 2 an image of 64 × 64 has the states of one of 32 × 32")
    func initialStride() throws {
        let large = try preActResNet(inputShape: [3, 64, 64], initialStride: 2)
        #expect(
            try large.blockDescriptions().map(\.outputShape)
                == preActResNet().blockDescriptions().map(\.outputShape)
        )
    }

    @Test("The last batch normalisation of the authors' Wide-ResNet has the momentum 0.9")
    func lastMomentum() throws {
        for (isTextbook, kept) in [(false, 0.1), (true, 0.9)] {
            let model = try wideResNet(inputShape: [3, 8, 8], isTextbook: isTextbook)
            let block = model.network.blocks.first { $0.name == "bn1" }?.block
            let norm = try #require(block as? BatchNorm)
            let input = try Tensor.full([2, 32, 2, 2], 1)
            _ = try norm(input, ForwardPass(isTraining: true))
            let mean = norm.stateDictionary().first { $0.name == "running_mean" }
            let values = try #require(try mean?.tensor.scalars(as: Float.self))
            #expect(values.allSatisfy { abs(Double($0) - (1 - kept)) < 1e-6 })
        }
    }

    @Test("A mixed training step at any boundary changes all parameters", arguments: 0...3)
    func mixedStep(_ layer: Int) throws {
        let models: [any DescribedClassifier] = [
            try preActResNet(inputShape: [3, 16, 16]),
            try preActResNet(.fifty, inputShape: [3, 16, 16], width: 2, hasFinalNorm: true),
            try wideResNet(inputShape: [3, 16, 16]),
        ]
        for model in models {
            let input = try Tensor.zeros([4, 3, 16, 16])
            try Generator(seed: 2).fillNormal(input)
            let targets = try Tensor([0, 3, 5, 9] as [Int64]).oneHot(classCount: 10)
            let draw = MixDraw(
                layer: layer,
                lambdas: [0.3],
                pairing: .permutation(try Tensor([1, 2, 3, 0] as [Int64]))
            )
            let before = try model.parameters().map { try $0.detached().clone() }
            let optimizer = try SGD(model, learningRate: 0.1, weightDecay: 0)
            let (logits, mixed) = try model.trainingPass(input, targets: targets, mixing: draw)
            #expect(try logits.shape == [4, 10])
            try optimizer.step(minimizing: MixupLoss.softCrossEntropy(logits, mixed))
            let learned = model.stateDictionary().filter { $0.role == .parameter }
            for (named, old) in zip(learned, before) where !isConvolutionBias(named.name) {
                #expect(try !named.tensor.isEqual(to: old), "\(named.name)")
            }
        }
    }

    @Test("Impossible sizes are one-line errors that name them")
    func impossible() {
        func message<Result>(_ body: () throws -> Result) -> String {
            let error = #expect(throws: TorchError.self) { _ = try body() }
            #expect(error?.message.contains("\n") == false)
            return error?.message ?? ""
        }
        for width in [0, -1, Int.max] {
            #expect(message { try preActResNet(width: width) }.contains("\(width)"))
            #expect(message { try wideResNet(widenFactor: width) }.contains("\(width)"))
        }
        for depth in [-2, 4, 12, Int.max, Int.min] {
            #expect(message { try wideResNet(depth: depth) }.contains("\(depth)"))
        }
        #expect(message { try preActResNet(initialStride: 0) }.contains("stride of 0"))
        #expect(message { try preActResNet(inputShape: [64]) }.contains("[64]"))
        #expect(!message { try preActResNet(classCount: 0) }.isEmpty)
        let model = try? preActResNet()
        let grey = message { try model?(.ones([2, 1, 32, 32]), ForwardPass()) }
        #expect(grey.contains("[1, 32, 32]"))
    }

    @Test("A residual block of convolutions that do not fit one another is refused")
    func misfit() throws {
        let generator = try Generator(seed: 1)
        let widening = try Convolution(2, 3, kernelSize: 1, generator: generator)
        for convolutions in [[], [widening], [widening, widening]] {
            #expect(throws: TorchError.self) {
                try PreActBlock(convolutions, shortcut: nil, shortcutInput: .raw)
            }
        }
        let halving = try Convolution(2, 3, kernelSize: 1, stride: 2, generator: generator)
        let block = try PreActBlock([halving], shortcut: widening, shortcutInput: .raw)
        #expect(throws: TorchError.self) { try block.outputShape(for: [2, 4, 4]) }
    }
}

/// Whether a parameter of a residual network is a convolution's bias, as in the authors' Wide-ResNet.
///
/// Batch normalisation, which follows everywhere, takes such a bias out again: it has no effect in
/// training, and no gradient but rounding.
func isConvolutionBias(_ name: String) -> Bool {
    name.hasSuffix(".bias") && (name.contains("conv") || name.contains("shortcut"))
}
