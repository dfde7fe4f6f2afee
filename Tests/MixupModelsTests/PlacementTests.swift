import LibTorch
import ManifoldMixup
import MixupModels
import TestDevices
import Testing

/// Whatever of a step was left on the CPU is refused.
@Suite(
    "A training step takes place on one device",
    .enabled(if: TestDevices.areUsable, "\(TestDevices.reason)")
)
struct PlacementTests {
    private static let networks:
        [(name: String, make: @Sendable (Generator) throws -> any DescribedClassifier)] = [
            (
                "mlp",
                {
                    try MLP(
                        inputShape: [1, 8, 8],
                        widths: [9, 7],
                        classCount: 5,
                        dropout: 0.3,
                        batchNorm: true,
                        generator: $0
                    )
                }
            ),
            (
                "preact-resnet-18",
                {
                    try PreActResNet(
                        .eighteen,
                        inputShape: [3, 8, 8],
                        classCount: 5,
                        width: 4,
                        generator: $0
                    )
                }
            ),
            (
                "preact-resnet-50",
                {
                    try PreActResNet(
                        .fifty,
                        inputShape: [3, 8, 8],
                        classCount: 5,
                        width: 4,
                        hasFinalNorm: true,
                        generator: $0
                    )
                }
            ),
            (
                "wide-resnet-10",
                {
                    try WideResNet(
                        depth: 10,
                        widenFactor: 2,
                        inputShape: [3, 8, 8],
                        classCount: 5,
                        width: 4,
                        generator: $0
                    )
                }
            ),
        ]

    /// Every method, at every boundary that it can mix at.
    private static func methods(of model: any DescribedClassifier) throws -> [any MixingMethod] {
        let boundaries = 0...model.mixingSites.count
        return try boundaries.flatMap { boundary -> [any MixingMethod] in
            let layers = try EligibleLayers([boundary])
            return [
                try Mixup(alpha: 1, eligibleLayers: layers),
                try Mixup(alpha: 1, eligibleLayers: layers, lambdaScope: .sample),
                try Mixup(alpha: 1, eligibleLayers: layers, partner: .separate),
                try Mixup(
                    alpha: 1,
                    eligibleLayers: layers,
                    lambdaScope: .sample,
                    partner: .separate
                ),
            ]
        } + [try CutMix(), try Cutout()]
    }

    @Test(
        "Forward, mixing everywhere and in every way, loss, backward, and the optimizer",
        arguments: networks.map(\.name),
        MixupLoss.allCases
    )
    func step(name: String, loss: MixupLoss) throws {
        try TestDevices.use {
            let network = try #require(Self.networks.first { $0.name == name })
            let model = try network.make(Generator(seed: 1))
            try model.move(to: .cuda(0))
            try model.useChannelsLast()
            let streams = try RandomStreams(seed: 1)
            let average = try WeightAverage(of: model, decay: 0.9)
            let optimizers: [any Optimizer] = [try SGD(model), try Adam(model)]
            for (number, method) in try Self.methods(of: model).enumerated() {
                let method = try method.resolved(for: model, inputShape: model.inputShape)
                let draw = try method.draw(
                    batchSize: 6,
                    inputShape: model.inputShape,
                    progress: MixingProgress(),
                    streams: streams
                )
                let rows = draw?.usesSecondMinibatch == true ? 12 : 6
                let input = try Tensor.full([rows] + model.inputShape, 0.5, device: .cuda(0))
                let (logits, targets) = try model.trainingPass(
                    input.channelsLast(),
                    targets: Tensor.full([rows, 5], 0.2, device: .cuda(0)),
                    mixing: draw,
                    dropoutGenerator: streams[.dropout]
                )
                #expect(
                    try logits.device == .cuda(0) && logits.shape == [6, 5],
                    "\(method.summary)"
                )
                #expect(
                    try targets.device == .cuda(0) && targets.shape == [6, 5],
                    "\(method.summary)"
                )
                let value = try loss(logits, targets)
                let optimizer = optimizers[number % 2]
                try optimizer.step(minimizing: value)
                try average.update()
                for named in model.stateDictionary() + average.stateDictionary() + optimizer.state {
                    #expect(try named.tensor.device == .cuda(0), "\(named.name), \(method.summary)")
                }
                for parameter in model.parameters() {
                    #expect(try parameter.gradient?.device == .cuda(0))
                }
            }
        }
    }

    @Test("Evaluation too", arguments: networks.map(\.name))
    func evaluation(name: String) throws {
        try TestDevices.use {
            let network = try #require(Self.networks.first { $0.name == name })
            let model = try network.make(Generator(seed: 1))
            try model.move(to: .cuda(0))
            let input = try Tensor.zeros([2] + model.inputShape, device: .cuda(0))
            #expect(try model(input, ForwardPass()).device == .cuda(0))
        }
    }

    @Test("Targets that were left on the CPU are noticed")
    func leftBehind() throws {
        try TestDevices.use {
            let model = try Self.networks[0].make(Generator(seed: 1))
            try model.move(to: .cuda(0))
            let logits = try model(Tensor.zeros([6, 1, 8, 8], device: .cuda(0)), ForwardPass())
            #expect(throws: TorchError.self) {
                try MixupLoss.softCrossEntropy(logits, Tensor.zeros([6, 5]))
            }
        }
    }
}
