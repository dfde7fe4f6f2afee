import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("Gradients blocked at the mix")
struct GradientBlockingTests {
    private let model: MLP
    private let input: Tensor
    private let targets: Tensor
    private let partners = [2, 0, 3, 1]

    init() throws {
        model = try MLP(
            inputShape: [4],
            widths: [5, 6],
            classCount: 3,
            batchNorm: true,
            generator: Generator(seed: 1),
            dtype: .float64
        )
        input = try normal([4, 4], seed: 2, dtype: .float64)
        targets = try oneHotTargets(4, classCount: 3, dtype: .float64)
    }

    /// The gradient of every parameter after one pass, by name; what has none is left out.
    private func gradients(layer: Int, pairing: MixDraw.Pairing, blocked: Bool) throws
        -> [String: [UInt8]]
    {
        let draw = MixDraw(
            layer: layer,
            lambdas: [0.3],
            pairing: pairing,
            blocksGradients: blocked
        )
        for parameter in model.parameters() { try parameter.clearGradient() }
        let pass = try model.trainingPass(input, targets: targets, mixing: draw)
        try MixupLoss.softCrossEntropy(pass.logits, pass.targets).backward()
        var result: [String: [UInt8]] = [:]
        for named in model.stateDictionary() where named.role == .parameter {
            if let gradient = try named.tensor.gradient {
                result[named.name] = try bytes(gradient)
            }
        }
        return result
    }

    @Test(
        "Parameters before k have no gradient, those behind have what they have without blocking",
        arguments: 0...2
    )
    func gradients(layer: Int) throws {
        // Linear and batch normalisation, twice, and the output: four, four and two parameters.
        let before = 4 * layer
        for pairing in [try .partners(partners), MixDraw.Pairing.halves] {
            let free = try gradients(layer: layer, pairing: pairing, blocked: false)
            let blocked = try gradients(layer: layer, pairing: pairing, blocked: true)
            let names = model.stateDictionary().filter { $0.role == .parameter }.map(\.name)
            #expect(names.count == 10)
            #expect(Set(free.keys) == Set(names))
            #expect(Set(blocked.keys) == Set(names.dropFirst(before)))
            for (name, gradient) in blocked { #expect(gradient == free[name], "\(name)") }
        }
    }

    @Test("The mixed state and the targets are those without blocking")
    func states() throws {
        for blocked in [false, true] {
            let draw = MixDraw(
                layer: 1,
                lambdas: [0.3],
                pairing: try .partners(partners),
                blocksGradients: blocked
            )
            #expect(try bytes(draw.mixedState(input)) == bytes(draw.mixed(input)))
            #expect(try bytes(draw.mixedTargets(targets)) == bytes(draw.mixed(targets)))
        }
    }

    @Test("Blocking draws the same k, λ and partners, and shifts no random stream")
    func draws() throws {
        let (free, blocked) = (try RandomStreams(seed: 3), try RandomStreams(seed: 3))
        let layers = try EligibleLayers([0, 1, 2])
        let method = try Mixup(alpha: 2, eligibleLayers: layers)
        let ablation = try Mixup(alpha: 2, eligibleLayers: layers, blocksGradients: true)
        for _ in 0..<20 {
            let one = try method.draw(batchSize: 5, streams: free)
            let other = try ablation.draw(batchSize: 5, streams: blocked)
            #expect(one.layer == other.layer && one.lambdas == other.lambdas)
            #expect(try bytes(one.mixed(Self.counting)) == bytes(other.mixed(Self.counting)))
            #expect(!one.blocksGradients && other.blocksGradients)
        }
        for (one, other) in zip(try free.state(), try blocked.state()) {
            #expect(try bytes(one.tensor) == bytes(other.tensor), "\(one.name)")
        }
    }

    private static var counting: Tensor {
        get throws { try Tensor([1, 2, 4, 8, 16] as [Double], shape: [5, 1]) }
    }
}
