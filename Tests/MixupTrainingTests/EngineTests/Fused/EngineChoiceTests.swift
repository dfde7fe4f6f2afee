import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupTraining

@Suite("The choice of an engine")
struct EngineChoiceTests {
    /// A network of code of its own.
    private final class OwnNetwork: Classifier {
        let mixingSites: [String] = []
        let layer: Linear

        init(_ generator: Generator) throws {
            layer = try Linear(4, 3, generator: generator)
        }

        var children: [(name: String, module: any Module)] { [("layer", layer)] }

        func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
            try layer(input)
        }
    }

    /// A network of the given blocks.
    private final class BlockNetwork: DescribedClassifier {
        let network: Sequential
        let inputShape: [Int]

        init(_ inputShape: [Int], _ blocks: [any Block]) {
            network = Sequential(blocks.enumerated().map { ("block\($0)", $1) })
            self.inputShape = inputShape
        }
    }

    private func trainer(
        _ model: any Classifier,
        shape: [Int] = [4],
        engine: TrainingEngine,
        mixup: (any MixingMethod)? = nil,
        precision: Precision = .float32,
        accumulate: Int = 1,
        optimizer: (any Optimizer)? = nil
    ) throws -> Trainer {
        let data = try TestData.blobs(count: 12, shape: shape)
        return try Trainer(
            model,
            data: DataSplits(train: data, test: data),
            optimizer: optimizer ?? SGD(model),
            settings: TrainingSettings(
                epochs: 1,
                batchSize: 4,
                mixup: mixup,
                precision: precision,
                accumulate: accumulate,
                engine: engine
            ),
            streams: RandomStreams(seed: 1)
        )
    }

    private func mlp() throws -> MLP {
        try MLP(inputShape: [4], widths: [5], classCount: 3, generator: Generator(seed: 1))
    }

    @Test("What is not covered is named in one line, and left to autograd by `auto`")
    func notCovered() throws {
        let generator = try Generator(seed: 1)
        func images(_ block: any Block) throws -> BlockNetwork {
            BlockNetwork(
                [3, 8, 8],
                [block, GlobalAveragePool(), try Linear(6, 3, generator: generator)]
            )
        }
        func convolution(kernel: Int, stride: Int = 1, padding: Int) throws -> Convolution {
            try Convolution(
                3,
                6,
                kernelSize: kernel,
                stride: stride,
                padding: padding,
                generator: generator
            )
        }
        let own = try OwnNetwork(generator)
        let plain = try mlp()
        let frozen = try mlp()
        try frozen.parameters()[0].requiringGradient(false)
        let tied = try Linear(4, 4, generator: generator)
        let last = try Linear(4, 3, generator: generator)
        let tanh = BlockNetwork([4], [tied, Activation(.tanh), Activation(.tanh), last])
        let separate = try Mixup(alpha: 1, eligibleLayers: nil, partner: .separate)
        let blocked = try Mixup(alpha: 1, eligibleLayers: nil, blocksGradients: true)
        let cases: [(String, () throws -> (TrainingEngine) throws -> Trainer)] = [
            ("not made of blocks", { { try trainer(own, engine: $0) } }),
            ("separate minibatches", { { try trainer(plain, engine: $0, mixup: separate) } }),
            ("blocked gradients", { { try trainer(plain, engine: $0, mixup: blocked) } }),
            ("several parts", { { try trainer(plain, engine: $0, accumulate: 2) } }),
            ("SGD", { { try trainer(plain, engine: $0, optimizer: Adam(plain)) } }),
            (
                "float64",
                {
                    let model = try MLP(
                        inputShape: [4],
                        widths: [5],
                        classCount: 3,
                        generator: Generator(seed: 1),
                        dtype: .float64
                    )
                    return { try trainer(model, engine: $0, precision: .float64) }
                }
            ),
            ("fixed", { { try trainer(frozen, engine: $0) } }),
            ("shared", { { try trainer(BlockNetwork([4], [tied, tied, last]), engine: $0) } }),
            ("one activation behind another", { { try trainer(tanh, engine: $0) } }),
            (
                "convolution 5×5",
                {
                    let model = try images(convolution(kernel: 5, padding: 2))
                    return { try trainer(model, shape: [3, 8, 8], engine: $0) }
                }
            ),
            (
                "padding 0",
                {
                    let model = try images(convolution(kernel: 3, padding: 0))
                    return { try trainer(model, shape: [3, 8, 8], engine: $0) }
                }
            ),
            (
                "stride 3",
                {
                    let model = try images(convolution(kernel: 3, stride: 3, padding: 1))
                    return { try trainer(model, shape: [3, 8, 8], engine: $0) }
                }
            ),
        ]
        // Without AVX2 that alone is reason enough for some of them.
        let hasAVX2 = try KernelTeam().lanes >= 8
        for (words, make) in cases {
            let make = try make()
            let error = #expect(throws: TrainingError.self, "\(words)") { try make(.fused) }
            let message = error?.description ?? ""
            #expect(message.contains(words) && !message.contains("\n"), "\(words): \(message)")
            let summary = try make(.auto).engineSummary
            #expect(summary.hasPrefix("autograd ("), "\(summary)")
            #expect(
                summary.contains(words) || !hasAVX2 && summary.contains("without AVX2"),
                "\(summary)"
            )
            #expect(try make(.autograd).engineSummary == "autograd")
        }
    }

    @Test("Whatever is chosen trains, and a network that is not covered trains with `auto`")
    func trains() throws {
        let own = try trainer(OwnNetwork(Generator(seed: 1)), engine: .auto)
        #expect(try own.run())
        for engine in [TrainingEngine.auto, .fused, .autograd] {
            #expect(try trainer(mlp(), engine: engine).run())
        }
    }

    private func residualNetwork() throws -> PreActResNet {
        try PreActResNet(
            .eighteen,
            inputShape: [3, 8, 8],
            classCount: 3,
            width: 2,
            generator: Generator(seed: 1)
        )
    }

    @Test("`auto` leaves to autograd what autograd computes no slower, and says so")
    func slower() throws {
        let shape = [3, 8, 8]
        let fused = try trainer(residualNetwork(), shape: shape, engine: .fused)
        #expect(fused.engineSummary.hasPrefix("fused ("))
        #expect(try fused.run())
        func network(width: Int = 5, _ activation: Activation.Function = .relu) throws -> MLP {
            try MLP(
                inputShape: [4],
                widths: [width, width],
                classCount: 3,
                activation: activation,
                generator: Generator(seed: 1)
            )
        }
        let tanh = try trainer(network(.tanh), engine: .auto)
        #expect(tanh.engineSummary.contains("with tanh"))
        let team = try KernelTeam()
        guard team.lanes >= 8 else { return }
        func residual(_ precision: Precision) throws -> String {
            try trainer(residualNetwork(), shape: shape, engine: .auto, precision: precision)
                .engineSummary
        }
        #expect(try residual(.float32).hasPrefix("fused ("))
        if team.hasBFloat16 { #expect(try residual(.bfloat16).hasPrefix("fused (")) }
        let large = try trainer(network(width: 2600), engine: .auto)
        let (largest, width) = team.lanes >= 16 ? (6_000_000, 2400) : (500_000, 650)
        #expect(large.engineSummary.contains("more than \(largest) weights"))
        #expect(try trainer(network(width: width), engine: .auto).engineSummary.hasPrefix("fused"))
        guard team.hasBFloat16 else { return }
        for (width, isFused) in [(1600, true), (1900, team.hasTiles)] {
            let summary = try trainer(network(width: width), engine: .auto, precision: .bfloat16)
                .engineSummary
            #expect(summary.hasPrefix("fused") == isFused, "\(width): \(summary)")
        }
    }

    @Test(
        "An evaluation of no examples, or of others than the model's, is an error",
        arguments: [
            [0, 4], [2, 5], [2], [], [3, 2, 2],
        ]
    )
    func otherExamples(shape: [Int]) throws {
        let model = BlockNetwork(
            [4],
            [try Linear(4, 3, generator: RandomStreams(seed: 1)[.initialization])]
        )
        let evaluator = try FusedEvaluator(model, precision: .float32)
        #expect(try evaluator.logits(of: Tensor.zeros([2, 4])).shape == [2, 3])
        #expect(throws: TorchError.self) { try evaluator.logits(of: Tensor.zeros(shape)) }
    }

    @Test("`auto` trains fully connected networks as the fused engine does")
    func fullyConnected() throws {
        guard try KernelTeam().lanes >= 8 else { return }
        let bytes = try [TrainingEngine.auto, .fused].map { engine in
            let trainer = try trainer(mlp(), engine: engine, mixup: Mixup.manifoldMixup())
            #expect(try trainer.run())
            return try trainer.weightBytes()
        }
        #expect(bytes[0] == bytes[1])
    }

    @Test("Weights in another order in memory are left to autograd")
    func channelsLast() throws {
        let model = try residualNetwork()
        try model.useChannelsLast()
        let trainer = try trainer(model, shape: [3, 8, 8], engine: .auto)
        #expect(trainer.engineSummary.contains("do not lie one after the other"))
    }
}
