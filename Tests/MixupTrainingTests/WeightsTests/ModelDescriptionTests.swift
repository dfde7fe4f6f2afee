import Foundation
import LibTorch
import MixupData
import Testing

@testable import MixupTraining

@Suite("What files of weights say of themselves")
struct ModelDescriptionTests {
    private func reread(_ description: ModelDescription) throws -> ModelDescription? {
        try ModelDescription(metadata: description.metadata(), path: "file")
    }

    @Test("Reading gives back what was written", arguments: SampleNetwork.all)
    func roundTrip(_ sample: SampleNetwork) throws {
        var description = try sample.description
        #expect(try reread(description) == description)
        description.classNames = ["\"", "ä, b", "\u{1F41D}"]
        description.precision = .bfloat16
        description.temperature = .init(value: 1.0 / 3, exampleCount: 7)
        description.origin.isAverage = true
        #expect(try reread(description) == description)
    }

    @Test("The settings that tensors do not show come back to the last bit")
    func settings() throws {
        let model = Recipe.Model(widths: [3], activation: .tanh, dropout: 0.1, batchNorm: true)
        var description = try SampleNetwork(model: model).description
        description.input = try InputFormat(
            shape: [12],
            normalization: Normalization(
                mean: (0..<12).map { 0.1 * Double($0) },
                standardDeviation: [.pi]
            ),
            hasPixels: false
        )
        #expect(try reread(description) == description)
    }

    @Test("Other programs can read the network as JSON, without settings that mean nothing")
    func json() throws {
        let sample = SampleNetwork(model: .init(name: .preActResNet18, width: 3))
        let metadata = try sample.description.metadata()
        #expect(metadata["format"] == "pt")
        let text = try #require(metadata["manifold-mixup"])
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let model = try #require(object?["model"] as? [String: Any])
        #expect(Set(model.keys) == ["name", "width", "initial-stride", "variant"])
        #expect(model["width"] as? Int == 3)
    }

    @Test("The first weights' path is nobody else's business")
    func initialWeights() throws {
        var description = try SampleNetwork(model: .init(initialWeights: "/home/me")).description
        #expect(try !description.metadata().values.contains { $0.contains("/home/me") })
        description.model.initialWeights = nil
        #expect(try reread(description) == description)
    }

    @Test("Files of other programs describe nothing")
    func absent() throws {
        #expect(try ModelDescription(metadata: [:], path: "file") == nil)
        #expect(try ModelDescription(metadata: ["format": "pt"], path: "file") == nil)
    }

    @Test(
        "A description that cannot be is refused in one line that names the file",
        arguments: [
            ("\"format\":1", "\"format\":2"), ("\"format\":1", "\"format\":true"),
            ("\"mlp\"", "\"mlq\""), ("\"model\":{", "\"network\":{"), ("[9,8]", "[9,-8]"),
            ("\"shape\":[12]", "\"shape\":[]"),
            ("\"shape\":[12]", "\"shape\":[0]"),
            ("\"shape\":[12]", "\"shape\":[4294967296,4294967296]"),
            ("\"scale\":255", "\"scale\":0"), ("[0.25]", "[0]"), ("[0.25]", "[1,1,1]"),
            ("\"bee\"", "\"ant\""), ("\"bee\"", "3"), ("{", "["), ("\"float32\"", "\"half\""),
            ("\"value\":2", "\"value\":-2"), ("\"value\":2", "\"value\":0"),
            ("\"examples\":7", "\"examples\":0"),
        ]
    )
    func damaged(old: String, new: String) throws {
        var description = try SampleNetwork.all[1].description
        description.temperature = .init(value: 2, exampleCount: 7)
        var metadata = try description.metadata()
        let text = try #require(metadata["manifold-mixup"])
        try #require(text.contains(old), "\(text)")
        metadata["manifold-mixup"] = text.replacing(old, with: new)
        let error = #expect(throws: (any Error).self) {
            try ModelDescription(metadata: metadata, path: "weights.safetensors")
        }
        let message = String(describing: error)
        #expect(message.contains("weights.safetensors") && !message.hasLineBreak, "\(message)")
    }
}
