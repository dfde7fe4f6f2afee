import LibTorch
import ManifoldMixup
import MixupModels
import Testing

// fastai #1997, #3454, #2233: mixing swapped the learner's loss function and did not put it back.
@Suite("A draw is a value")
struct PurityTests {
    private struct Interruption: Error {}

    /// Fails while it computes, on request.
    private final class FailingNetwork: Classifier {
        let mixingSites = ["one"]
        var fails = false

        func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
            let state = try pass.site("one", input)
            if fails { throw Interruption() }
            return state
        }
    }

    @Test("Two passes with one draw give the same logits and targets", arguments: [0, 1, 2])
    func repeatable(layer: Int) throws {
        let model = try Variation(dropout: 0, batchNorm: false).model()
        let input = try normal([7, 6], seed: 1)
        let targets = try oneHotTargets(7, classCount: 5)
        let permutation = try Generator(seed: 2).permutation(7)
        let draw = MixDraw(layer: layer, lambdas: [0.3], pairing: .permutation(permutation))
        let first = try model.trainingPass(input, targets: targets, mixing: draw)
        let second = try model.trainingPass(input, targets: targets, mixing: draw)
        #expect(try bytes(first.logits) == bytes(second.logits))
        #expect(try bytes(first.targets) == bytes(second.targets))
    }

    @Test("A mixed pass leaves model, input and targets as they were", arguments: [0, 1, 2])
    func nothingChanges(layer: Int) throws {
        let model = try Variation(dropout: 0, batchNorm: false).model()
        let input = try normal([7, 6], seed: 1)
        let targets = try oneHotTargets(7, classCount: 5)
        let before = (try bytes(model), try bytes(input), try bytes(targets))
        let plain = try bytes(model(input, ForwardPass()))
        let permutation = try Generator(seed: 2).permutation(7)
        let draw = MixDraw(layer: layer, lambdas: [0.3], pairing: .permutation(permutation))
        let mixed = try model.trainingPass(input, targets: targets, mixing: draw)
        try MixupLoss.softCrossEntropy(mixed.logits, mixed.targets).backward()
        #expect(try bytes(model) == before.0)
        #expect(try bytes(input) == before.1)
        #expect(try bytes(targets) == before.2)
        #expect(try bytes(model(input, ForwardPass())) == plain)
    }

    @Test("A pass that failed in the middle leaves nothing behind")
    func interruption() throws {
        let model = FailingNetwork()
        let input = try integers([3, 2], seed: 1)
        let targets = try oneHotTargets(3, classCount: 2)
        let draw = MixDraw(layer: 1, lambdas: [0], pairing: try .partners([1, 2, 0]))
        model.fails = true
        #expect(throws: Interruption.self) {
            try model.trainingPass(input, targets: targets, mixing: draw)
        }
        model.fails = false
        let plain = try model.trainingPass(input, targets: targets, mixing: nil)
        #expect(try bytes(plain.logits) == bytes(input))
        let mixed = try model.trainingPass(input, targets: targets, mixing: draw)
        #expect(try bytes(mixed.logits) == bytes(draw.mixed(input)))
    }
}
