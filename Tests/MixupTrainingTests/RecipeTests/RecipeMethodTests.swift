import LibTorch
import ManifoldMixup
import Testing

@testable import MixupTraining

@Suite("The method of a recipe")
struct RecipeMethodTests {
    private func method(_ yaml: String) throws -> Recipe.Method {
        try Recipe.parse(yaml: "method: \(yaml)", source: "test.yaml").method
    }

    @Test("Every method has its own defaults")
    func defaults() throws {
        #expect(try method("{ name: cutmix }").alpha == 1)
        #expect(try method("{ name: cutmix }").makeMixing() as? CutMix == CutMix())
        #expect(try method("{ name: cutout }").makeMixing() as? Cutout == Cutout())
        let choice = try method("{ name: choice }")
        #expect(choice.among == [.manifoldMixup, .cutMix])
        #expect(choice.weights == [1, 1])
        #expect(choice.alphas == [2, 1])
        #expect(choice.probability == 1)
        #expect(choice.stopEpoch == nil)
        let all = try method("{ name: choice, among: [cutout, none, input-mixup, cutmix] }")
        #expect(all.alphas == [0, 0, 1, 1])
    }

    @Test("A method that is always applied stands alone, as before there were policies")
    func alone() throws {
        let manifold = try method("{ alpha: 0.5, layers: [0, 2], layer-weights: [1, 3] }")
        let expected = try Mixup(
            alpha: 0.5,
            eligibleLayers: EligibleLayers([0, 2], weights: [1, 3])
        )
        #expect(try manifold.makeMixing() as? Mixup == expected)
        #expect(try method("{ name: none }").makeMixing() == nil)
        #expect(try method("{ name: input-mixup }").makeMixing() as? Mixup == .inputMixup())
    }

    @Test("Probability, end and final α reach the method")
    func schedule() throws {
        let made = try method(
            "{ name: cutmix, alpha: 1, final-alpha: 0.25, probability: 0.5, stop-epoch: 4 }"
        ).makeMixing()
        let policy = try #require(made as? MixingPolicy)
        #expect(policy.probability == 0.5)
        #expect(policy.stopEpoch == 4)
        #expect(policy.choices.count == 1)
        #expect(try policy.choices[0].method as? CutMix == CutMix(alpha: 1, finalAlpha: 0.25))
        let mixup = try method("{ final-alpha: 1 }").makeMixing() as? Mixup
        #expect(try mixup == Mixup(alpha: 2, finalAlpha: 1, eligibleLayers: nil))
    }

    @Test(
        "Each of the methods to choose from gets its weight, its α and the settings it has a use for"
    )
    func choice() throws {
        let made = try method(
            """

              name: choice
              among: [manifold-mixup, cutmix, none, cutout, input-mixup]
              weights: [2, 1, 1, 0.5, 0]
              alphas: [0.5, 0.25, 0, 0, 3]
              layers: [0, 2]
              layer-weights: [1, 4]
              lambda: sample
              hole: 3
              stop-epoch: 9
            """
        ).makeMixing()
        let policy = try #require(made as? MixingPolicy)
        #expect(policy.choices.map(\.weight) == [2, 1, 1, 0.5, 0])
        #expect(policy.stopEpoch == 9)
        let methods = policy.choices.map(\.method)
        let manifold = try Mixup(
            alpha: 0.5,
            eligibleLayers: EligibleLayers([0, 2], weights: [1, 4]),
            lambdaScope: .sample
        )
        let input = try Mixup(
            alpha: 3,
            eligibleLayers: EligibleLayers([0]),
            lambdaScope: .sample
        )
        #expect(methods[0] as? Mixup == manifold)
        #expect(try methods[1] as? CutMix == CutMix(alpha: 0.25))
        #expect(methods[2] == nil)
        #expect(try methods[3] as? Cutout == Cutout(hole: 3))
        #expect(methods[4] as? Mixup == input)
    }

    @Test("A method that was put together in code is an error where it cannot be, not a crash")
    func inCode() throws {
        var method = Recipe.Method(name: .choice)
        method.alphas = []
        #expect(throws: MixupError.self) { try method.makeMixing() }
        #expect(throws: RecipeError.self) { try Recipe(method: method).validate() }
    }

    @Test(
        "Settings that are impossible, or that the method has no use for, are refused",
        arguments: [
            ("{ name: cutmix, alpha: 0 }", "method.alpha: found 0.0"),
            ("{ name: cutmix, layers: [0] }", "method.layers: found [0]"),
            ("{ name: cutmix, lambda: sample }", "cutmix has no use for it"),
            ("{ name: cutmix, fold: true }", "cutmix has no use for it"),
            ("{ name: cutmix, partner: separate }", "cutmix has no use for it"),
            ("{ name: cutmix, hole: 3 }", "method.hole: found 3"),
            ("{ name: cutout, hole: 0 }", "method.hole: found 0"),
            ("{ name: cutout, alpha: 2 }", "cutout has no use for it"),
            ("{ name: cutout, final-alpha: 2 }", "cutout has no use for it"),
            ("{ hole: 3 }", "manifold-mixup has no use for it"),
            ("{ among: [none, cutmix] }", "method.among: found [none, cutmix]"),
            ("{ weights: [1] }", "method.weights: found [1.0]"),
            ("{ alphas: [1] }", "method.alphas: found [1.0]"),
            ("{ final-alpha: 0 }", "method.final-alpha: found 0.0"),
            ("{ probability: 0 }", "method.probability: found 0.0"),
            ("{ probability: 1.5 }", "method.probability: found 1.5"),
            ("{ stop-epoch: 0 }", "method.stop-epoch: found 0"),
            ("{ name: none, probability: 0.5 }", "none has no use for it"),
            ("{ name: none, stop-epoch: 5 }", "none has no use for it"),
            ("{ name: choice, alpha: 2 }", "method.alphas, one for each"),
            ("{ name: choice, final-alpha: 2 }", "choice has no use for it"),
            ("{ name: choice, among: [cutmix] }", "two or more"),
            ("{ name: choice, among: [cutmix, cutmix] }", "two or more different"),
            ("{ name: choice, among: [cutmix, choice] }", "method.among: found [cutmix, choice]"),
            ("{ name: choice, among: [cutmix, mixup] }", "method.among: found 'mixup'"),
            ("{ name: choice, weights: [1] }", "each of the 2 methods"),
            ("{ name: choice, weights: [1, -1] }", "method.weights: found [1.0, -1.0]"),
            ("{ name: choice, weights: [0, 0] }", "method.weights: found [0.0, 0.0]"),
            ("{ name: choice, alphas: [1] }", "method.alphas: found [1.0]"),
            ("{ name: choice, alphas: [1, 0] }", "method.alphas: found [1.0, 0.0]"),
            ("{ name: choice, among: [none, cutmix], alphas: [1, 1] }", "0 for none and cutout"),
            ("{ name: choice, among: [none, cutmix], layers: [0] }", "method.layers: found [0]"),
            ("{ name: choice, among: [none, cutmix], fold: true }", "method.fold: found true"),
            ("{ name: choice, hole: 3 }", "method.hole: found 3"),
            ("{ name: choice, layers: [0, 0] }", "method.layers: found [0, 0]"),
        ]
    )
    func refused(yaml: String, expected: String) {
        let text = RecipeErrorTests.message("method: \(yaml)")
        #expect(text.contains(expected), "\(text)")
        #expect(text.contains("allowed is"), "\(text)")
    }

    @Test("Other methods to choose from drop the weights and α of those before")
    func overriding() throws {
        let recipe = Recipe(
            method: .init(name: .choice, weights: [3, 4], alphas: [0.5, 0.25])
        )
        var flags = RecipeOverrides()
        flags.among = [.inputMixup, .noMixup, .cutout]
        let other = try recipe.applying(flags).method
        #expect(other == .init(name: .choice, among: [.inputMixup, .noMixup, .cutout]))
        flags.methodWeights = [1, 2, 3]
        flags.alphas = [0.5, 0, 0]
        let both = try recipe.applying(flags).method
        #expect(both.weights == [1, 2, 3])
        #expect(both.alphas == [0.5, 0, 0])
    }

    @Test("The methods of the paper are the three that are compared by default")
    func paper() {
        #expect(
            Recipe.Method.Name.paper.map(\.rawValue) == ["none", "input-mixup", "manifold-mixup"]
        )
    }
}
