import Foundation
import LibTorch
import ManifoldMixup
import Testing

@testable import MixupTraining

@Suite("Reading recipes")
struct RecipeParsingTests {
    private func parse(_ yaml: String) throws -> Recipe {
        try Recipe.parse(yaml: yaml, source: "test.yaml")
    }

    @Test("One line is a whole recipe: everything else has the documented default")
    func defaults() throws {
        let recipe = try parse("data: { source: [digits] }")
        #expect(recipe == Recipe())
        #expect(recipe.model.widths == [256, 256])
        #expect(recipe.model.activation == .relu)
        #expect(recipe.method.name == .manifoldMixup)
        #expect(recipe.method.alpha == 2)
        #expect(recipe.method.layers == nil)
        #expect(recipe.method.lambda == .batch)
        #expect(!recipe.method.fold)
        #expect(recipe.method.partner == .shuffled)
        #expect(!recipe.method.blockGradients)
        #expect(recipe.loss == .softCrossEntropy)
        #expect(recipe.optimizer.learningRate == 0.1)
        #expect(recipe.optimizer.momentum == 0.9)
        #expect(recipe.optimizer.nesterov)
        #expect(recipe.optimizer.weightDecay == 1e-4)
        #expect(recipe.schedule.name == .cosine)
        #expect(recipe.training.epochs == 20)
        #expect(recipe.training.batchSize == 100)
        #expect(recipe.training.seed == 1)
        #expect(recipe.training.threads == nil)
        #expect(recipe.optimizer.clipNorm == nil)
        #expect(recipe.training.emaDecay == nil)
        #expect(recipe.training.patience == nil)
        #expect(recipe.training.maxTime == nil)
        #expect(!recipe.training.channelsLast)
        #expect(recipe.training.accumulate == 1)
        #expect(!recipe.training.syncBatchNorm)
        #expect(recipe.training.engine == .auto)
    }

    @Test("Every key of the documented form is read")
    func everyKey() throws {
        let recipe = try parse(
            """
            data:
              source: [train.csv, test.csv]
              directory: /data
              per-class: 500
              hold-out: 0.1
              split-seed: 7
              workers: 3
            augmentation: { flip: true, crop-padding: 4, cutout: 16 }
            model: { name: mlp, widths: [12, 7], activation: leaky-relu, dropout: 0.5, batch-norm: true }
            method:
              name: manifold-mixup
              alpha: 0.5
              layers: [2, 0]
              layer-weights: [1, 3.5]
              lambda: sample
              fold: true
              partner: separate
              block-gradients: true
            loss: paper-bce
            optimizer:
              { name: sgd, learning-rate: 1e-2, weight-decay: 0, momentum: 0.5, nesterov: false, clip-norm: 5 }
            schedule: { name: multi-step, milestones: [400, 800], factor: 0.2, warmup-epochs: 5 }
            training:
              epochs: 1200
              batch-size: 128
              seed: 18446744073709551615
              precision: bfloat16
              threads: 4
              checkpoint-every: 7
              keep-epochs: 50
              evaluate-every: 3
              ema-decay: 0.99
              patience: 20
              max-time: 90m
              channels-last: true
              accumulate: 2
              sync-batch-norm: true
              engine: fused
              device: cuda:2
            """
        )
        let expected = Recipe(
            data: .init(
                source: ["train.csv", "test.csv"],
                directory: "/data",
                perClass: 500,
                holdOut: 0.1,
                splitSeed: 7,
                workers: 3
            ),
            augmentation: .init(flip: true, cropPadding: 4, cutout: 16),
            model: .init(widths: [12, 7], activation: .leakyReLU, dropout: 0.5, batchNorm: true),
            method: .init(
                alpha: 0.5,
                layers: [2, 0],
                layerWeights: [1, 3.5],
                lambda: .sample,
                fold: true,
                partner: .separate,
                blockGradients: true
            ),
            loss: .paperBinaryCrossEntropy,
            optimizer: .init(
                learningRate: 0.01,
                weightDecay: 0,
                momentum: 0.5,
                nesterov: false,
                clipNorm: 5
            ),
            schedule: .init(
                name: .multiStep,
                milestones: [400, 800],
                factor: 0.2,
                warmupEpochs: 5
            ),
            training: .init(
                epochs: 1200,
                batchSize: 128,
                seed: .max,
                precision: .bfloat16,
                threads: 4,
                checkpointEvery: 7,
                keepEpochs: 50,
                evaluateEvery: 3,
                emaDecay: 0.99,
                patience: 20,
                maxTime: TimeSpan("1h30m"),
                channelsLast: true,
                accumulate: 2,
                syncBatchNorm: true,
                engine: .fused,
                device: .cuda(2)
            )
        )
        #expect(recipe == expected)
    }

    @Test("Each network has keys of its own")
    func networks() throws {
        #expect(
            try parse(
                "model: { name: preact-resnet-34, width: 16, initial-stride: 2, variant: textbook }"
            ).model
                == .init(name: .preActResNet34, width: 16, initialStride: 2, variant: .textbook)
        )
        #expect(
            try parse("model: { name: wide-resnet, depth: 16, widen-factor: 2 }").model
                == .init(name: .wideResNet, depth: 16, widenFactor: 2)
        )
        #expect(
            try parse("model: { widths: [8, 2, 8], bottleneck: 2 }").model
                == .init(widths: [8, 2, 8], bottleneck: 2)
        )
    }

    @Test("A recipe knows the boundaries of its network before it is built")
    func mixingSites() throws {
        for name in Recipe.Model.Name.allCases {
            var recipe = Recipe(model: .init(name: name, width: 2, depth: 10, widenFactor: 1))
            if name == .mlp { recipe.model.widths = [4, 3, 2] }
            let model = try recipe.makeModel(
                inputShape: [1, 8, 8],
                classCount: 3,
                generator: Generator(seed: 1)
            )
            #expect(recipe.model.mixingSites == model.mixingSites)
        }
    }

    @Test("Each method has its own alpha and layers")
    func methodDefaults() throws {
        let input = try parse("method: { name: input-mixup }").method
        #expect(input.alpha == 1)
        #expect(input.layers == [0])
        let none = try parse("method: { name: none }").method
        #expect(none.layers == [])
        #expect(try parse("method: { name: input-mixup, layers: [0] }").method == input)
        #expect(try parse("method: { name: input-mixup, layers: null }").method == input)
        #expect(try parse("method: { name: none, layers: [0] }").method.name == .noMixup)
    }

    @Test("Each optimizer has its own learning rate and weight decay")
    func optimizerDefaults() throws {
        let adam = try parse("optimizer: { name: adam }").optimizer
        #expect((adam.learningRate, adam.weightDecay) == (0.001, 0))
        let adamw = try parse("optimizer: { name: adamw, beta2: 0.95 }").optimizer
        #expect((adamw.learningRate, adamw.weightDecay, adamw.beta2) == (0.001, 0.01, 0.95))
        let plain = try parse("optimizer: { momentum: 0 }").optimizer
        #expect(!plain.nesterov)
    }

    @Test("A lone value is a list of one, and null is the default")
    func lenience() throws {
        #expect(try parse("data: { source: mnist }").data.source == ["mnist"])
        #expect(try parse("model: { widths: 32 }").model.widths == [32])
        #expect(try parse("model: { widths: [] }").model.widths.isEmpty)
        #expect(try parse("model:\nloss:\ntraining: ~\n") == Recipe())
        #expect(try parse("data: { source: 2024 }").data.source == ["2024"])
        #expect(try parse("data: { directory: 'null' }").data.directory == "null")
        #expect(try parse("data: { directory: null }").data.directory == nil)
    }

    @Test("Short texts are read as reliably as long ones", arguments: ["a:", "loss:", "loss: ~"])
    func shortTexts(yaml: String) throws {
        if yaml == "a:" {
            #expect(throws: RecipeError.self) { try parse(yaml) }
        } else {
            #expect(try parse(yaml) == Recipe())
        }
    }

    @Test("A few aliases are fine")
    func aliases() throws {
        let recipe = try parse("model: { widths: [&w 32, *w, *w] }")
        #expect(recipe.model.widths == [32, 32, 32])
    }

    @Test("The recipes of the project are valid")
    func projectRecipes() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("recipes").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".yaml") }
        #expect(names.contains("digits.yaml"))
        #expect(names.contains("mnist-mlp.yaml"))
        for name in names {
            let recipe = try Recipe.load("\(folder)/\(name)")
            #expect(try parse(recipe.yaml()) == recipe)
            // The comparison of the three methods starts from any of them.
            for method in Recipe.Method.Name.allCases {
                var overrides = RecipeOverrides()
                overrides.method = method
                #expect(try recipe.applying(overrides).method.name == method)
            }
        }
    }
}
