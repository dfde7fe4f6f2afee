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
        let cases: [(String, () throws -> (TrainingEngine) throws -> Trainer)] = [
            ("not made of blocks", { { try trainer(own, engine: $0) } }),
            ("separate minibatches", { { try trainer(plain, engine: $0, mixup: separate) } }),
            ("SGD", { { try trainer(plain, engine: $0, optimizer: Adam(plain)) } }),
            ("bfloat16", { { try trainer(plain, engine: $0, precision: .bfloat16) } }),
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
        for (words, make) in cases {
            let make = try make()
            let error = #expect(throws: TrainingError.self, "\(words)") { try make(.fused) }
            let message = error?.description ?? ""
            #expect(message.contains(words) && !message.contains("\n"), "\(words): \(message)")
            let summary = try make(.auto).engineSummary
            #expect(summary.hasPrefix("autograd (") && summary.contains(words), "\(summary)")
            #expect(try make(.autograd).engineSummary == "autograd")
        }
    }

    @Test("Whatever is chosen trains, and a network that is not covered trains with `auto`")
    func trains() throws {
        let own = try trainer(OwnNetwork(Generator(seed: 1)), engine: .auto)
        #expect(try own.run())
        for engine in TrainingEngine.allCases {
            #expect(try trainer(mlp(), engine: engine).run())
        }
    }

    @Test("Weights in another order in memory are left to autograd")
    func channelsLast() throws {
        let data = try TestData.images(count: 8, classes: 3)
        let model = try PreActResNet(
            .eighteen,
            inputShape: data.shape,
            classCount: 3,
            width: 2,
            generator: Generator(seed: 1)
        )
        try model.useChannelsLast()
        let trainer = try trainer(model, shape: data.shape, engine: .auto)
        #expect(trainer.engineSummary.contains("do not lie one after the other"))
    }
}
