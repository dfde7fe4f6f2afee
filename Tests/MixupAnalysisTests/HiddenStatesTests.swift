import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels
import Testing

@Suite("Hidden states")
struct HiddenStatesTests {
    private static func network() throws -> MLP {
        try MLP(
            inputShape: [1, 8, 8],
            widths: [12, 7],
            classCount: 10,
            generator: Generator(seed: 1)
        )
    }

    @Test("Going on from the states at any boundary gives the model's own logits", arguments: 0...2)
    func goingOn(boundary: Int) throws {
        let network = try Self.network()
        let input = try Tensor.zeros([5, 1, 8, 8])
        try Generator(seed: 2).fillNormal(input)
        let states = try network.hiddenStates(at: boundary, of: input)
        #expect(try states.shape == [[5, 1, 8, 8], [5, 12], [5, 7]][boundary])
        let logits = try network.logits(from: states, at: boundary, inputShape: [1, 8, 8])
        #expect(try logits.isEqual(to: network(input, ForwardPass())))
    }

    @Test("A data set's states are those of its examples, in order, whatever the batch size")
    func matrix() throws {
        let network = try Self.network()
        let data = try Digits.load().test
        let all = try network.hiddenMatrix(at: 2, of: data)
        #expect(try all.shape == [data.count, 7])
        let few = try network.hiddenMatrix(at: 2, of: data, batchSize: 7)
        let difference = try (all - few).absolute().scalars(as: Float.self).max() ?? 1
        #expect(difference < 1e-5)
        #expect(try network.hiddenMatrix(at: 0, of: data).shape == [data.count, 64])
    }

    @Test("A boundary that the model does not have is refused", arguments: [-1, 3])
    func missing(boundary: Int) throws {
        let network = try Self.network()
        #expect(throws: MixupError.self) {
            try network.hiddenStates(at: boundary, of: .zeros([1, 1, 8, 8]))
        }
    }
}
