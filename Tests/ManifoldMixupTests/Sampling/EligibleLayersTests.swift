import LibTorch
import ManifoldMixup
import Testing

@Suite("The eligible set S")
struct EligibleLayersTests {
    /// How often each layer of a set was drawn.
    private func counts(_ layers: EligibleLayers, draws: Int = 6000) throws -> [Int] {
        let generator = try Generator(seed: 5)
        var counts: [Int: Int] = [:]
        for _ in 0..<draws {
            counts[try layers.draw(from: generator), default: 0] += 1
        }
        #expect(Set(counts.keys).isSubset(of: layers.layers))
        return layers.layers.map { counts[$0, default: 0] }
    }

    @Test("k is uniform over S", arguments: [[0, 1, 2], [0, 1], [1, 2, 3], [3, 0]])
    func uniform(layers: [Int]) throws {
        let statistic = try Statistics.chiSquare(
            counts(EligibleLayers(layers)),
            probabilities: layers.map { _ in 1 / Double(layers.count) }
        )
        #expect(statistic < Statistics.chiSquareLimit[layers.count - 1, default: 0])
    }

    @Test("Weights say how often each layer is chosen, whatever they add up to")
    func weighted() throws {
        for scale in [1.0, 0.001, 1e6] {
            let layers = try EligibleLayers([0, 1, 3], weights: [scale, 2 * scale, 5 * scale])
            let statistic = try Statistics.chiSquare(
                counts(layers),
                probabilities: [0.125, 0.25, 0.625]
            )
            #expect(statistic < Statistics.chiSquareLimit[2, default: 0])
        }
    }

    @Test("The test of weights notices a uniform choice")
    func power() throws {
        let statistic = try Statistics.chiSquare(
            counts(EligibleLayers([0, 1, 3])),
            probabilities: [0.125, 0.25, 0.625]
        )
        #expect(statistic > 1000)
    }

    @Test("A layer of weight 0 is never chosen, wherever it stands")
    func zeroWeight() throws {
        for position in 0..<3 {
            var weights = [1.0, 1, 1]
            weights[position] = 0
            let counts = try counts(EligibleLayers([0, 1, 2], weights: weights))
            #expect(counts[position] == 0)
            #expect(counts.reduce(0, +) == 6000)
        }
        #expect(try counts(EligibleLayers([4, 7], weights: [0, 3])) == [0, 6000])
    }

    // OpenMixup's S is a range that ends before 3: {0, 2} and {0, 1, 2, 3} cannot be had.
    @Test(
        "Sets with gaps and the last site alone are reached",
        arguments: [[0, 2], [3], [0, 1, 2, 3]]
    )
    func gaps(layers: [Int]) throws {
        let model = IdentityNetwork(sites: ["a", "b", "c"])
        let set = try EligibleLayers(layers)
        try set.validate(for: model)
        #expect(try counts(set, draws: 500).allSatisfy { $0 > 0 })
    }

    @Test("All boundaries of a model are the input and its sites")
    func all() throws {
        let model = IdentityNetwork(sites: ["a", "b", "c"])
        #expect(try EligibleLayers.all(of: model).layers == [0, 1, 2, 3])
        #expect(try EligibleLayers.all(of: IdentityNetwork(sites: [])).layers == [0])
    }

    @Test("An impossible set is a one-line error")
    func impossible() {
        for (layers, weights) in [
            ([], nil), ([0, 0], nil), ([-1], nil), ([0, 1], [1.0]), ([0, 1], [1, -1]),
            ([0, 1], [0, 0]), ([0, 1], [1, .nan]), ([0, 1], [1, .infinity]),
            ([0, 1], [.greatestFiniteMagnitude, .greatestFiniteMagnitude]),
        ] as [([Int], [Double]?)] {
            let message = messageOfError { _ = try EligibleLayers(layers, weights: weights) }
            #expect(message.contains("layer"))
        }
    }

    @Test(
        "A set that names a missing site is refused before training, with the sites that there are"
    )
    func missingSite() throws {
        let model = RecordingNetwork()
        let mixup = try Mixup.manifoldMixup(layers: [0, 4])
        let message = messageOfError { _ = try mixup.resolved(for: model) }
        for part in ["layer 4", "0 (input)", "1 (one)", "2 (two)", "3 (three)"] {
            #expect(message.contains(part))
        }
        #expect(model.received.isEmpty)
    }

    @Test("Resolving for a model fills in all of its boundaries and keeps the other settings")
    func resolving() throws {
        let model = IdentityNetwork(sites: ["a", "b"])
        let mixup = try Mixup(
            alpha: 0.7,
            eligibleLayers: nil,
            lambdaScope: .sample,
            isFolded: true,
            partner: .separate
        )
        let unresolved = messageOfError {
            _ = try mixup.draw(batchSize: 2, streams: RandomStreams(seed: 1))
        }
        #expect(unresolved.contains("resolved(for:)"))
        let expected = try Mixup(
            alpha: 0.7,
            eligibleLayers: EligibleLayers([0, 1, 2]),
            lambdaScope: .sample,
            isFolded: true,
            partner: .separate
        )
        #expect(try mixup.resolved(for: model) == expected)
        let weighted = try Mixup(
            alpha: 1,
            eligibleLayers: EligibleLayers([2, 0], weights: [3, 1])
        )
        #expect(try weighted.resolved(for: model) == weighted)
    }

    @Test("The paper's methods have the paper's settings")
    func presets() throws {
        let manifold = try Mixup.manifoldMixup()
        #expect(manifold.distribution.alpha == 2)
        #expect(manifold.eligibleLayers == nil)
        let input = try Mixup.inputMixup()
        #expect(input.distribution.alpha == 1)
        #expect(input.eligibleLayers?.layers == [0])
        for mixup in [manifold, input] {
            #expect(mixup.lambdaScope == .batch)
            #expect(!mixup.isFolded)
            #expect(mixup.partner == .shuffled)
        }
    }
}
