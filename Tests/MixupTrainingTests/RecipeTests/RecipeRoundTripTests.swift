import Foundation
import LibTorch
import ManifoldMixup
import Testing

@testable import MixupTraining

/// Random recipes from a seed, all of them valid, with odd but possible values.
struct RandomRecipes {
    /// A small generator, so that a failure can be repeated (SplitMix64).
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let texts = [
        "digits", "null", "~", "true", "No", "", "1e-4", "0x10", "- a", "a: b", "#x", "a #b", "*a",
        "&a", "!t", "[x]", "{x}", "'", "\"", "\\", " leading", "trailing ", "line\nbreak", "tab\t",
        "\u{7F}\u{85}\u{A0}\u{2028}\u{FEFF}\u{FFFE}", "é", "日本語", "👩‍👩‍👧", "\r\n", "%", "@", "`",
        "--- x", "...",
        "?", "a,b", "/data/my & his", "C:\\x", ".inf", "=", "<<", "1:30",
    ]

    var generator: Generator

    init(seed: UInt64) { generator = Generator(state: seed) }

    private mutating func text() -> String {
        let count = Int.random(in: 1...3, using: &generator)
        let text = (0..<count).map { _ in Self.texts.randomElement(using: &generator) ?? "" }
        return text.joined().isEmpty ? "x" : text.joined()
    }

    /// A finite number above 0 of any magnitude.
    private mutating func positive() -> Double {
        Double.random(in: 1..<10, using: &generator)
            * pow(10, Double(Int.random(in: -300...300, using: &generator)))
    }

    private mutating func belowOne() -> Double { Double.random(in: 0..<1, using: &generator) }

    private mutating func choice<Choice: CaseIterable>() -> Choice {
        // Index arithmetic rather than randomElement, which is optional.
        let cases = Array(Choice.allCases)
        return cases[Int.random(in: cases.indices, using: &generator)]
    }

    private mutating func model() -> Recipe.Model {
        var model = network()
        if Bool.random(using: &generator) { model.initialWeights = text() }
        return model
    }

    private mutating func network() -> Recipe.Model {
        let name: Recipe.Model.Name = choice()
        switch name {
        case .mlp:
            let widths = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                Int.random(in: 1...1_000_000, using: &generator)
            }
            let isNarrowed = Bool.random(using: &generator)
            return .init(
                widths: widths,
                activation: choice(),
                dropout: belowOne(),
                batchNorm: Bool.random(using: &generator),
                bottleneck: isNarrowed && !widths.isEmpty ? widths.count : nil
            )
        case .wideResNet:
            return .init(
                name: name,
                depth: 6 * Int.random(in: 1...166, using: &generator) + 4,
                widenFactor: Int.random(in: 1...100, using: &generator),
                variant: choice()
            )
        case .preActResNet18, .preActResNet34, .preActResNet50, .preActResNet152:
            return .init(
                name: name,
                width: Int.random(in: 1...1024, using: &generator),
                initialStride: Int.random(in: 1...32, using: &generator),
                variant: choice()
            )
        }
    }

    private mutating func method(of model: Recipe.Model) -> Recipe.Method {
        let name: Recipe.Method.Name = choice()
        var method = Recipe.Method(name: name)
        guard name != .noMixup else { return method }
        if name == .choice {
            let all = Recipe.Method.Name.allCases.filter { $0 != .choice }
            let count = Int.random(in: 2...all.count, using: &generator)
            let among = Array(all.shuffled(using: &generator).prefix(count))
            method = Recipe.Method(
                name: .choice,
                among: among,
                weights: among.map { _ in belowOne() + 0.1 },
                alphas: among.map { $0.drawsLambda ? positive() : 0 }
            )
        }
        let applied = method.among + [name]
        if name.drawsLambda {
            method.alpha = positive()
            method.finalAlpha = Bool.random(using: &generator) ? positive() : nil
        }
        if applied.contains(.manifoldMixup) || applied.contains(.inputMixup) {
            method.lambda = choice()
            method.fold = Bool.random(using: &generator)
            method.partner = choice()
        }
        if applied.contains(.manifoldMixup) {
            method.blockGradients = Bool.random(using: &generator)
        }
        if applied.contains(.manifoldMixup), Bool.random(using: &generator) {
            let boundaries = 0...model.mixingSites.count
            let layers = Array(boundaries.shuffled(using: &generator).prefix(3))
            method.layers = layers
            if Bool.random(using: &generator) {
                method.layerWeights = layers.map { _ in belowOne() + 0.1 }
            }
        }
        if applied.contains(.cutout), Bool.random(using: &generator) {
            method.hole = Int.random(in: 1...1_000_000_000, using: &generator)
        }
        method.probability = 1 - belowOne()
        if Bool.random(using: &generator) {
            method.stopEpoch = Int.random(in: 1...1_000_000_000, using: &generator)
        }
        return method
    }

    private mutating func optimizer() -> Recipe.Optimizer {
        let name: Recipe.Optimizer.Name = choice()
        let clipNorm = Bool.random(using: &generator) ? positive() : nil
        if name == .sgd {
            return .init(
                learningRate: positive(),
                weightDecay: positive(),
                momentum: belowOne(),
                clipNorm: clipNorm
            )
        }
        return .init(
            name: name,
            learningRate: positive(),
            weightDecay: positive(),
            beta1: belowOne(),
            beta2: belowOne(),
            epsilon: positive(),
            clipNorm: clipNorm
        )
    }

    private mutating func schedule(epochs: Int) -> Recipe.Schedule {
        var schedule = Recipe.Schedule(name: choice(), warmupEpochs: epochs / 2)
        switch schedule.name {
        case .constant: break
        case .multiStep:
            schedule.milestones = (1...9).filter { _ in Bool.random(using: &generator) } + [10]
            schedule.factor = positive()
        case .cosine, .linear: schedule.finalLearningRate = positive()
        }
        return schedule
    }

    mutating func next() -> Recipe {
        let epochs = Int.random(in: 1...1_000_000_000, using: &generator)
        let model = model()
        return Recipe(
            data: .init(
                source: (0..<Int.random(in: 1...3, using: &generator)).map { _ in text() },
                directory: Bool.random(using: &generator) ? text() : nil,
                perClass: Bool.random(using: &generator) ? 500 : nil,
                holdOut: belowOne(),
                splitSeed: UInt64.random(in: 0 ... .max, using: &generator),
                workers: Int.random(in: 0...64, using: &generator)
            ),
            augmentation: .init(
                flip: Bool.random(using: &generator),
                cropPadding: Int.random(in: 0...10_000, using: &generator),
                cutout: Int.random(in: 0...10_000, using: &generator)
            ),
            model: model,
            method: method(of: model),
            loss: choice(),
            optimizer: optimizer(),
            schedule: schedule(epochs: epochs),
            training: .init(
                epochs: epochs,
                batchSize: Int.random(in: 2...1_000_000_000, using: &generator),
                seed: UInt64.random(in: 0 ... .max, using: &generator),
                precision: choice(),
                threads: Bool.random(using: &generator) ? 3 : nil,
                checkpointEvery: Int.random(in: 1...1_000_000_000, using: &generator),
                keepEpochs: Int.random(in: 0...1_000_000_000, using: &generator),
                evaluateEvery: Int.random(in: 1...1_000_000_000, using: &generator),
                emaDecay: Bool.random(using: &generator) ? belowOne() : nil,
                patience: Bool.random(using: &generator)
                    ? Int.random(in: 1...1_000_000_000, using: &generator) : nil,
                maxTime: Bool.random(using: &generator)
                    ? TimeSpan("\(Int.random(in: 1...1_000_000_000, using: &generator))s") : nil,
                channelsLast: Bool.random(using: &generator),
                accumulate: Int.random(in: 1...9, using: &generator),
                syncBatchNorm: Bool.random(using: &generator),
                engine: TrainingEngine.allCases.randomElement(using: &generator) ?? .auto,
                device: [.auto, .cpu, .cuda(nil), .cuda(3)].randomElement(using: &generator)
                    ?? .auto
            )
        )
    }
}

@Suite("Writing recipes")
struct RecipeRoundTripTests {
    @Test("What is written reads as the same recipe, whatever it holds")
    func yaml() throws {
        var recipes = RandomRecipes(seed: 7)
        for _ in 0..<500 {
            let recipe = recipes.next()
            let text = recipe.yaml()
            let again = try Recipe.parse(yaml: text, source: "again")
            #expect(again == recipe, "\(text)")
            #expect(again.yaml() == text)
        }
    }

    @Test("JSON keeps a recipe too")
    func json() throws {
        var recipes = RandomRecipes(seed: 8)
        for _ in 0..<50 {
            let recipe = recipes.next()
            let json = try JSONEncoder().encode(recipe)
            #expect(try JSONDecoder().decode(Recipe.self, from: json) == recipe)
        }
    }

    @Test("The written recipe spells out the defaults under the documented keys")
    func complete() {
        let yaml = Recipe().yaml()
        for line in [
            "  source: [digits]", "  per-class: null", "  hold-out: 0.0", "  split-seed: 0",
            "  workers: 1", "augmentation:", "  flip: false", "  crop-padding: 0", "  cutout: 0",
            "  widths: [256, 256]", "  batch-norm: false",
            "  name: manifold-mixup", "  alpha: 2.0", "  layers: null", "loss: soft-cross-entropy",
            "  learning-rate: 0.1", "  weight-decay: 0.0001", "  warmup-epochs: 0",
            "  batch-size: 100", "  threads: null", "  clip-norm: null", "  ema-decay: null",
            "  patience: null", "  max-time: null", "  channels-last: false",
            "  accumulate: 1", "  sync-batch-norm: false",
            "  engine: auto", "  device: auto",
        ] {
            #expect(yaml.split(separator: "\n").contains { $0 == line }, "\(line)")
        }
    }
}
