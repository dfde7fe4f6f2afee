import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("Minibatches of a single row")
struct SingleRowsTests {
    private static func network(_ name: String, _ shape: [Int]) throws -> any DescribedClassifier {
        let generator = try Generator(seed: 1)
        func preActResNet(
            stride: Int = 1,
            hasFinalNorm: Bool = false,
            depth: PreActResNet.Depth = .eighteen
        ) throws -> PreActResNet {
            try PreActResNet(
                depth,
                inputShape: shape,
                classCount: 3,
                width: 2,
                initialStride: stride,
                hasFinalNorm: hasFinalNorm,
                generator: generator
            )
        }
        func wideResNet(isTextbook: Bool) throws -> WideResNet {
            try WideResNet(
                depth: 10,
                widenFactor: 1,
                inputShape: shape,
                classCount: 3,
                width: 2,
                isTextbook: isTextbook,
                generator: generator
            )
        }
        func mlp(widths: [Int], batchNorm: Bool, bottleneck: Int? = nil) throws -> MLP {
            try MLP(
                inputShape: shape,
                widths: widths,
                classCount: 3,
                batchNorm: batchNorm,
                bottleneck: bottleneck,
                generator: generator
            )
        }
        return switch name {
        case "preact": try preActResNet()
        case "preact, stride": try preActResNet(stride: 2)
        case "preact, textbook": try preActResNet(hasFinalNorm: true)
        case "preact, deep": try preActResNet(depth: .fifty)
        case "wide": try wideResNet(isTextbook: false)
        case "wide, textbook": try wideResNet(isTextbook: true)
        case "mlp": try mlp(widths: [4], batchNorm: false)
        case "mlp, norm": try mlp(widths: [4], batchNorm: true)
        default: try mlp(widths: [4], batchNorm: true, bottleneck: 1)
        }
    }

    static let names = [
        "preact", "preact, stride", "preact, textbook", "preact, deep", "wide", "wide, textbook",
        "mlp", "mlp, norm", "mlp, bottleneck",
    ]

    @Test(
        "A network says that it trains on one exactly where its training pass does",
        arguments: names
    )
    func agreement(_ name: String) throws {
        try LibTorchRuntime.setThreadCount(1)
        for (height, width) in [
            (1, 1), (1, 2), (2, 2), (4, 4), (4, 5), (5, 4), (8, 8), (9, 8), (17, 3),
        ] {
            let model = try Self.network(name, [1, height, width])
            let row = try Tensor.zeros([1, 1, height, width])
            try Generator(seed: 2).fillNormal(row)
            var isTrainable = true
            do {
                let logits = try model(row, ForwardPass(isTraining: true))
                let values = try logits.scalars(as: Float.self)
                #expect(values.allSatisfy { $0.isFinite })
            } catch let error as TorchError {
                #expect(error.message.contains("batch normalisation"), "\(error.message)")
                isTrainable = false
            }
            #expect(try model.trainsOnSingleRows() == isTrainable, "\(name) \(height)×\(width)")
        }
    }

    @Test("Only the size of the last stage's states decides for residual networks")
    func boundary() throws {
        #expect(try !Self.network("preact", [1, 8, 8]).trainsOnSingleRows())
        #expect(try Self.network("preact", [1, 9, 8]).trainsOnSingleRows())
        // The authors' Wide-ResNet has the stride behind the last block's normalisations, but one
        // normalisation lies behind them.
        #expect(try !Self.network("wide", [1, 4, 4]).trainsOnSingleRows())
        #expect(try Self.network("wide", [1, 5, 4]).trainsOnSingleRows())
    }
}
