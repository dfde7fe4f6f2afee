import LibTorch
import ManifoldMixup
import Testing

@testable import MixupTraining

@Suite("Flags that override a recipe")
struct RecipeOverridesTests {
    private func overrides(_ change: (inout RecipeOverrides) -> Void) -> RecipeOverrides {
        var overrides = RecipeOverrides()
        change(&overrides)
        return overrides
    }

    @Test("No flags change nothing, whatever the recipe")
    func nothing() throws {
        var recipes = RandomRecipes(seed: 9)
        for _ in 0..<100 {
            let recipe = recipes.next()
            #expect(try recipe.applying(RecipeOverrides()) == recipe)
        }
    }

    @Test("Naming what the recipe already has changes nothing")
    func sameNames() throws {
        var recipes = RandomRecipes(seed: 10)
        for _ in 0..<100 {
            let recipe = recipes.next()
            let same = overrides {
                $0.model = recipe.model.name
                $0.method = recipe.method.name
                $0.optimizer = recipe.optimizer.name
                $0.schedule = recipe.schedule.name
                $0.loss = recipe.loss
            }
            #expect(try recipe.applying(same) == recipe)
        }
    }

    @Test("Any model, method, optimizer and schedule can be chosen over any recipe")
    func anyChoice() throws {
        var recipes = RandomRecipes(seed: 11)
        for _ in 0..<20 {
            let recipe = recipes.next()
            for model in Recipe.Model.Name.allCases where model != recipe.model.name {
                let flags = overrides {
                    $0.model = model
                    $0.layers = .all
                    $0.method = .manifoldMixup
                }
                #expect(try recipe.applying(flags).model == Recipe.Model(name: model))
            }
            for method in Recipe.Method.Name.allCases {
                let result = try recipe.applying(overrides { $0.method = method })
                #expect(result.method.name == method)
                if method != recipe.method.name {
                    #expect(result.method == Recipe.Method(name: method))
                }
            }
            for optimizer in Recipe.Optimizer.Name.allCases where optimizer != recipe.optimizer.name
            {
                let result = try recipe.applying(overrides { $0.optimizer = optimizer })
                #expect(result.optimizer == Recipe.Optimizer(name: optimizer))
            }
            for schedule in Recipe.Schedule.Name.allCases where schedule != recipe.schedule.name {
                let flags = overrides {
                    $0.schedule = schedule
                    if schedule == .multiStep { $0.milestones = [2, 4] }
                }
                #expect(try recipe.applying(flags).schedule.name == schedule)
            }
        }
    }

    @Test("Another method takes nothing over from the old one, but takes the flags beside it")
    func otherMethod() throws {
        let manifold = Recipe(
            method: .init(alpha: 4, layers: [0, 1, 2], layerWeights: [1, 2, 3], lambda: .sample)
        )
        let input = try manifold.applying(overrides { $0.method = .inputMixup }).method
        #expect(input == Recipe.Method(name: .inputMixup))
        #expect((input.alpha, input.layers) == (1, [0]))

        let flags = overrides {
            $0.method = .inputMixup
            $0.alpha = 0.2
        }
        #expect(try manifold.applying(flags).method.alpha == 0.2)

        let back = try Recipe(method: .init(name: .inputMixup, alpha: 0.2))
            .applying(overrides { $0.method = .manifoldMixup }).method
        #expect(back == Recipe.Method(name: .manifoldMixup))
        #expect(back.layers == nil)
    }

    @Test("Another model takes nothing over from the old one, but takes the flags beside it")
    func otherModel() throws {
        let mlp = Recipe(model: .init(widths: [8, 2, 8], dropout: 0.5, bottleneck: 2))
        let flags = overrides {
            $0.model = .preActResNet18
            $0.width = 16
        }
        #expect(try mlp.applying(flags).model == .init(name: .preActResNet18, width: 16))
        let back = overrides { $0.model = .mlp }
        #expect(try mlp.applying(flags).applying(back).model == Recipe.Model())
        #expect(throws: RecipeError.self) {
            try mlp.applying(flags).applying(overrides { $0.widths = [8] })
        }
    }

    @Test("A flag that the chosen method cannot have is refused")
    func impossibleFlags() {
        let flags = overrides {
            $0.method = .inputMixup
            $0.layers = .only([0, 1])
        }
        #expect(throws: RecipeError.self) { try Recipe().applying(flags) }
        #expect(throws: RecipeError.self) { try Recipe().applying(overrides { $0.alpha = 0 }) }
        do {
            _ = try Recipe().applying(overrides { $0.epochs = -1 })
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains("flags: training.epochs: found -1"))
        }
    }

    @Test("New layers drop the weights of the old ones, and all means every boundary")
    func layers() throws {
        let recipe = Recipe(method: .init(layers: [0, 1], layerWeights: [1, 2]))
        let some = try recipe.applying(overrides { $0.layers = .only([2]) }).method
        #expect(some.layers == [2])
        #expect(some.layerWeights == nil)
        #expect(try recipe.applying(overrides { $0.layers = .all }).method.layers == nil)
        let weighted = try recipe.applying(overrides { $0.layerWeights = [5, 6] }).method
        #expect(weighted.layers == [0, 1])
        #expect(weighted.layerWeights == [5, 6])
    }

    @Test("Momentum 0 turns Nesterov off unless it is asked for")
    func momentum() throws {
        #expect(try !Recipe().applying(overrides { $0.momentum = 0 }).optimizer.nesterov)
        let both = overrides {
            $0.momentum = 0
            $0.nesterov = true
        }
        #expect(throws: RecipeError.self) { try Recipe().applying(both) }
    }

    @Test("Every flag reaches its own setting and no other")
    func everyFlag() throws {
        func check<Value: Equatable>(
            _ flag: WritableKeyPath<RecipeOverrides, Value?>,
            _ setting: WritableKeyPath<Recipe, Value>,
            _ value: Value,
            of recipe: Recipe = Recipe()
        ) throws {
            var flags = RecipeOverrides()
            flags[keyPath: flag] = value
            var expected = recipe
            #expect(expected[keyPath: setting] != value)
            expected[keyPath: setting] = value
            #expect(try recipe.applying(flags) == expected)
        }
        try check(\.dataSource, \.data.source, ["mnist"])
        try check(\.holdOut, \.data.holdOut, 0.3)
        try check(\.splitSeed, \.data.splitSeed, 3, of: Recipe(data: .init(perClass: 5)))
        try check(\.workers, \.data.workers, 3)
        try check(\.flip, \.augmentation.flip, true)
        try check(\.cropPadding, \.augmentation.cropPadding, 3)
        try check(\.cutout, \.augmentation.cutout, 3)
        try check(\.widths, \.model.widths, [3])
        try check(\.activation, \.model.activation, .tanh)
        try check(\.dropout, \.model.dropout, 0.5)
        try check(\.batchNorm, \.model.batchNorm, true)
        let residual = Recipe(model: .init(name: .preActResNet18))
        try check(\.width, \.model.width, 3, of: residual)
        try check(\.initialStride, \.model.initialStride, 2, of: residual)
        try check(\.variant, \.model.variant, .textbook, of: residual)
        let wide = Recipe(model: .init(name: .wideResNet))
        try check(\.depth, \.model.depth, 16, of: wide)
        try check(\.widenFactor, \.model.widenFactor, 2, of: wide)
        try check(\.alpha, \.method.alpha, 3)
        try check(\.lambda, \.method.lambda, .sample)
        try check(\.fold, \.method.fold, true)
        try check(\.partner, \.method.partner, .separate)
        try check(\.blockGradients, \.method.blockGradients, true)
        try check(\.probability, \.method.probability, 0.5)
        let weights = try Recipe().applying(overrides { $0.initialWeights = "runs/first" })
        #expect(weights == Recipe(model: .init(initialWeights: "runs/first")))
        let finalAlpha = try Recipe().applying(overrides { $0.finalAlpha = 3 })
        #expect(finalAlpha == Recipe(method: .init(finalAlpha: 3)))
        let stopEpoch = try Recipe().applying(overrides { $0.stopEpoch = 3 })
        #expect(stopEpoch == Recipe(method: .init(stopEpoch: 3)))
        let cutout = Recipe(method: .init(name: .cutout))
        let hole = try cutout.applying(overrides { $0.hole = 3 })
        #expect(hole == Recipe(method: .init(name: .cutout, hole: 3)))
        let choice = Recipe(method: .init(name: .choice))
        try check(\.methodWeights, \.method.weights, [3, 4], of: choice)
        try check(\.alphas, \.method.alphas, [3, 4], of: choice)
        try check(\.loss, \.loss, .paperBinaryCrossEntropy)
        try check(\.learningRate, \.optimizer.learningRate, 3)
        try check(\.weightDecay, \.optimizer.weightDecay, 3)
        try check(\.momentum, \.optimizer.momentum, 0.3)
        try check(\.nesterov, \.optimizer.nesterov, false)
        let adam = Recipe(optimizer: .init(name: .adam))
        try check(\.beta1, \.optimizer.beta1, 0.3, of: adam)
        try check(\.beta2, \.optimizer.beta2, 0.3, of: adam)
        try check(\.epsilon, \.optimizer.epsilon, 0.3, of: adam)
        let steps = Recipe(schedule: .init(name: .multiStep, milestones: [1]))
        try check(\.milestones, \.schedule.milestones, [3], of: steps)
        try check(\.factor, \.schedule.factor, 0.3, of: steps)
        try check(\.warmupEpochs, \.schedule.warmupEpochs, 3)
        try check(\.finalLearningRate, \.schedule.finalLearningRate, 0.3)
        try check(\.epochs, \.training.epochs, 3)
        try check(\.batchSize, \.training.batchSize, 3)
        try check(\.seed, \.training.seed, 3)
        try check(\.precision, \.training.precision, .float64)
        try check(\.checkpointEvery, \.training.checkpointEvery, 3)
        try check(\.keepEpochs, \.training.keepEpochs, 3)
        try check(\.evaluateEvery, \.training.evaluateEvery, 3)
        try check(\.channelsLast, \.training.channelsLast, true)
        try check(\.accumulate, \.training.accumulate, 4)
        try check(\.syncBatchNorm, \.training.syncBatchNorm, true)
        try check(\.engine, \.training.engine, .autograd)
        try check(\.device, \.training.device, .cuda(1))
        let clipped = try Recipe().applying(overrides { $0.clipNorm = 3 })
        #expect(clipped == Recipe(optimizer: .init(clipNorm: 3)))
        let averaged = try Recipe().applying(overrides { $0.emaDecay = 0.5 })
        #expect(averaged == Recipe(training: .init(emaDecay: 0.5)))
        let patient = try Recipe().applying(overrides { $0.patience = 3 })
        #expect(patient == Recipe(training: .init(patience: 3)))
        let paused = try Recipe().applying(overrides { $0.maxTime = TimeSpan("3m") })
        #expect(paused == Recipe(training: .init(maxTime: TimeSpan("180s"))))
        let folder = try Recipe().applying(overrides { $0.dataDirectory = "d" })
        #expect(folder == Recipe(data: .init(directory: "d")))
        let perClass = try Recipe().applying(overrides { $0.perClass = 3 })
        #expect(perClass == Recipe(data: .init(perClass: 3)))
        let narrowed = try Recipe().applying(overrides { $0.bottleneck = 2 })
        #expect(narrowed == Recipe(model: .init(bottleneck: 2)))
        let threads = try Recipe().applying(overrides { $0.threads = 3 })
        #expect(threads == Recipe(training: .init(threads: 3)))
    }

    @Test("Layers are read from a command line's text")
    func layersText() {
        #expect(RecipeOverrides.Layers("all") == .all)
        #expect(RecipeOverrides.Layers("0,1,2") == .only([0, 1, 2]))
        #expect(RecipeOverrides.Layers("3") == .only([3]))
        #expect(RecipeOverrides.Layers("0, 2") == .only([0, 2]))
        for text in ["", "a", "0,,1", "0,", "1.5", "0-2"] {
            #expect(RecipeOverrides.Layers(text) == nil)
        }
    }
}
