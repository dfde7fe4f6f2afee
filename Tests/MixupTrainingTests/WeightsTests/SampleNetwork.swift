import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

/// Every network that a recipe can describe, as small as it goes, in both variants.
struct SampleNetwork: CustomTestStringConvertible, Sendable {
    let model: Recipe.Model
    var testDescription: String { model.summary }

    static let all: [SampleNetwork] = {
        typealias Model = Recipe.Model
        let depths: [Model.Name] = [
            .preActResNet18, .preActResNet34, .preActResNet50, .preActResNet152,
        ]
        var models = [
            Model(widths: [], activation: .leakyReLU),
            Model(widths: [9, 8], activation: .leakyReLU),
            Model(widths: [9, 3, 8], activation: .leakyReLU, bottleneck: 2),
        ]
        for variant in Model.Variant.allCases {
            models += depths.map { Model(name: $0, width: 2, variant: variant) }
            models.append(
                Model(name: .preActResNet18, width: 3, initialStride: 2, variant: variant)
            )
            models.append(Model(name: .wideResNet, depth: 10, widenFactor: 2, variant: variant))
            models.append(Model(name: .wideResNet, depth: 16, widenFactor: 1, variant: variant))
        }
        return models.map { SampleNetwork(model: $0) }
    }()

    var inputShape: [Int] { model.name == .mlp ? [12] : [3, 16, 16] }

    var description: ModelDescription {
        get throws {
            ModelDescription(
                model: model,
                input: try InputFormat(
                    shape: inputShape,
                    normalization: Normalization(
                        scale: 255,
                        mean: [0.5],
                        standardDeviation: [0.25]
                    ),
                    hasPixels: inputShape.count == 3
                ),
                classNames: ["ant", "bee", "cat", "dog", "elk"],
                precision: .float32,
                origin: .init(data: "animals train", method: "manifold-mixup", epoch: 3, step: 12)
            )
        }
    }

    /// The network with weights and running statistics of its own.
    func build(seed: UInt64 = 7) throws -> any DescribedClassifier {
        let network = try Recipe(model: model).makeModel(
            inputShape: inputShape,
            classCount: 5,
            generator: Generator(seed: seed)
        )
        _ = try withoutGradients {
            try network(input(count: 8, seed: 3), ForwardPass(isTraining: true))
        }
        return network
    }

    func input(count: Int = 4, seed: UInt64 = 5) throws -> Tensor {
        let input = try Tensor.zeros([count] + inputShape)
        try Generator(seed: seed).fillNormal(input)
        return input
    }

    /// The logits of ``input(count:seed:)``.
    func logits(_ network: any Classifier) throws -> Tensor {
        try withoutGradients { try network(input(), ForwardPass()) }
    }
}
