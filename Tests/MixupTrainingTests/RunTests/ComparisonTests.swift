import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Comparisons")
struct ComparisonTests {
    private func recipe() -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 2
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        return recipe
    }

    @Test("Each method keeps its own α and layers, each seed its own result")
    func methods() throws {
        let data = try Digits.load()
        var mixups: [Int: Mixup] = [:]
        let comparison = try #require(
            try Comparison.run(
                recipe(),
                methods: Recipe.Method.Name.allCases,
                seeds: [3, 4],
                data: data,
                onStep: { number, trainer, _ in mixups[number] = trainer.settings.mixup as? Mixup }
            )
        )
        #expect(comparison.rows.map(\.method) == Recipe.Method.Name.allCases)
        #expect(mixups[0] == nil)
        #expect(mixups[2]?.distribution.alpha == 1)
        #expect(mixups[2]?.eligibleLayers?.layers == [0])
        #expect(mixups[4]?.distribution.alpha == 2)
        #expect(mixups[4]?.eligibleLayers?.layers == [0, 1])
        for row in comparison.rows {
            #expect(row.results.count == 2)
            #expect(row.results[0] != row.results[1])
        }
        let alone = try recipe().applying(
            {
                var overrides = RecipeOverrides()
                overrides.method = .inputMixup
                overrides.seed = 4
                return overrides
            }()
        )
        let trainer = try alone.makeTrainer(data: data)
        try trainer.run()
        #expect(try trainer.model.evaluate(on: data.test) == comparison.rows[1].results[1])
    }

    @Test("A comparison that is asked to stop keeps nothing")
    func stop() throws {
        let comparison = try Comparison.run(
            recipe(),
            methods: [.noMixup],
            seeds: [1],
            data: Digits.load(),
            shouldStop: { true }
        )
        #expect(comparison == nil)
    }
}
