import LibTorch
import ManifoldMixup
import Testing

/// A network of a user: arbitrary code, a residual block, and a site behind the whole block.
private final class ResidualNetwork: Classifier {
    let stem: Linear
    let branch: Linear
    let head: Linear
    let mixingSites = ["stem", "block"]

    init(generator: Generator) throws {
        stem = try Linear(2, 16, generator: generator)
        branch = try Linear(16, 16, generator: generator)
        head = try Linear(16, 2, generator: generator)
    }

    var children: [(name: String, module: any Module)] {
        [("stem", stem), ("block.branch", branch), ("head", head)]
    }

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        let state = try pass.site("stem", stem(input).tanh())
        let block = try pass.site("block", state + branch(state).relu())
        return try head(block)
    }
}

@Suite("A user's own model")
struct UserModelTests {
    /// Two classes that no straight line separates: inside and outside a circle.
    private func circle(_ count: Int) throws -> (input: Tensor, labels: Tensor) {
        let input = try Tensor.zeros([count, 2])
        try Generator(seed: 11).fillUniform(input, low: -1, high: 1)
        let points = try input.scalars(as: Float.self)
        let labels = (0..<count).map { row -> Int64 in
            let (x, y) = (points[2 * row], points[2 * row + 1])
            return x * x + y * y < 0.6 ? 0 : 1
        }
        return (input, try Tensor(labels))
    }

    @Test(
        "It trains with Manifold Mixup at the sites that it declares, and tells by name what it has"
    )
    func trains() throws {
        let streams = try RandomStreams(seed: 2)
        let model = try ResidualNetwork(generator: streams[.initialization])
        let mixup = try Mixup.manifoldMixup(alpha: 0.2).resolved(for: model)
        #expect(mixup.eligibleLayers?.layers == [0, 1, 2])
        #expect(model.stateDictionary().map(\.name).contains("block.branch.weight"))
        let optimizer = try Adam(model, learningRate: 0.01)
        let (input, labels) = try circle(256)
        let targets = try labels.oneHot(classCount: 2)
        var layers: Set<Int> = []
        for _ in 0..<400 {
            let draw = try mixup.draw(batchSize: 256, streams: streams)
            layers.insert(draw.layer)
            let (logits, mixed) = try model.trainingPass(input, targets: targets, mixing: draw)
            try optimizer.step(minimizing: MixupLoss.softCrossEntropy(logits, mixed))
        }
        #expect(layers == [0, 1, 2])
        let found = try model(input, ForwardPass()).indexOfMaximum().scalars(as: Int64.self)
        let expected = try labels.scalars(as: Int64.self)
        let correct = zip(found, expected).count { $0 == $1 }
        #expect(Double(correct) / 256 > 0.9)
    }

    @Test("Its site mixes the whole residual block, shortcut and branch together")
    func wholeBlock() throws {
        // Mixing inside one branch of a block degrades it (ManifoldMixupV2's README).
        let model = try ResidualNetwork(generator: Generator(seed: 1))
        let input = try Tensor([0.5, -1, 2, 1] as [Float], shape: [2, 2])
        let draw = MixDraw(
            layer: 2,
            lambdas: [0.25],
            pairing: .permutation(try Tensor([1, 0] as [Int64]))
        )
        let targets = try Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])
        let logits = try model.trainingPass(input, targets: targets, mixing: draw).logits
        let state = try model.stem(input).tanh()
        let block = try state + model.branch(state).relu()
        let expected = try model.head(draw.mixed(block))
        #expect(try logits.isEqual(to: expected))
    }
}
