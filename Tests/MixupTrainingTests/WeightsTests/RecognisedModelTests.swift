import LibTorch
import Testing

@testable import MixupTraining

@Suite("Networks recognised by their tensors")
struct RecognisedModelTests {
    private func shapes(_ sample: SampleNetwork) throws -> [String: [Int]] {
        Dictionary(
            try sample.build().stateDictionary().map { ($0.name, try $0.tensor.shape) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test("Every network is recognised, as far as tensors tell", arguments: SampleNetwork.all)
    func everyNetwork(_ sample: SampleNetwork) throws {
        let shapes = try shapes(sample)
        let found = try #require(Recipe.Model(shapes: shapes))
        #expect(found == sample.model.visible)
        let ends = try #require(found.ends(shapes))
        #expect(ends == (sample.inputShape[0], 5))
    }

    @Test(
        "Batch normalisation shows, and so does the layer without it",
        arguments: [nil, 1, 2, 3] as [Int?]
    )
    func batchNorm(bottleneck: Int?) throws {
        let model = Recipe.Model(widths: [4, 5, 6], batchNorm: true, bottleneck: bottleneck)
        #expect(try Recipe.Model(shapes: shapes(SampleNetwork(model: model))) == model)
    }

    @Test("A network whose only hidden layer is not normalised is that without normalisation")
    func nothingNormalised() throws {
        for model in [
            Recipe.Model(widths: [4], batchNorm: true, bottleneck: 1),
            Recipe.Model(widths: [], batchNorm: true),
        ] {
            let found = try Recipe.Model(shapes: shapes(SampleNetwork(model: model)))
            #expect(found == model.visible)
            #expect(found == Recipe.Model(widths: model.widths))
        }
    }

    @Test(
        "Tensors that contradict each other, or claim sizes that they do not have, are no network's",
        arguments: [
            [:], ["fc1.weight": [5]], ["fc1.weight": [1 << 40, 0]], ["fc2.weight": [3, 3]],
            ["fc1.weight": [1 << 20, 1], "fc2.weight": [1 << 20, 1]],
            ["conv1.weight": [1 << 20, 3, 3, 3], "linear.weight": [5, 8 << 20]],
            ["conv1.weight": [16, 3, 3, 3], "layer1.0.conv1.weight": [16, 16, 3, 3]],
        ] as [[String: [Int]]]
    )
    func nonsense(shapes: [String: [Int]]) {
        #expect(Recipe.Model(shapes: shapes) == nil)
    }

    @Test("A narrower stage than the first convolution promises is noticed", arguments: [64, 63])
    func narrowed(width: Int) throws {
        var shapes = try shapes(SampleNetwork(model: .init(name: .preActResNet18, width: 64)))
        shapes["conv1.weight"] = [width, 3, 3, 3]
        #expect((Recipe.Model(shapes: shapes) != nil) == (width == 64))
    }
}
