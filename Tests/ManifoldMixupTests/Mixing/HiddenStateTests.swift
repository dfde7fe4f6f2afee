import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("The hidden states that are mixed")
struct HiddenStateTests {
    private let batchSizes = [1, 2, 3, 7, 8]
    private let lambdas = [0.75, 0.25, 0.5, 0, 1, 0.25, 0.75, 0.5]

    /// The partners that a generator draws for a batch.
    private func partners(_ count: Int) throws -> [Int] {
        try Generator(seed: 7).permutation(count).scalars(as: Int64.self).map(Int.init)
    }

    // shivamsaboo17/ManifoldMixup PR #1: a hook without `return` mixed the labels only.
    // timm #1304, keras_mixup_generator #1: odd and last batches.
    @Test(
        "Prefix, mix and suffix are those of the definition, at every k and batch size",
        arguments: [0, 1, 2]
    )
    func definition(layer: Int) throws {
        let model = try integerNetwork()
        let reference = try ReferenceNetwork(model)
        for count in batchSizes {
            let input = try integers([count, 4], seed: 5)
            let targets = try oneHotTargets(count, classCount: 3)
            let partners = try partners(count)
            let state = try reference.state(rows(input), at: layer)
            for lambdas in [[0.25], Array(lambdas.prefix(count))] {
                let draw = MixDraw(
                    layer: layer,
                    lambdas: lambdas,
                    pairing: try .partners(partners)
                )
                let found = try model.trainingPass(input, targets: targets, mixing: draw)
                let mixedState = mixed(state, lambdas: lambdas, partners: partners)
                #expect(try rows(found.logits) == reference.logits(mixedState, from: layer))
                let mixedTargets = try mixed(rows(targets), lambdas: lambdas, partners: partners)
                #expect(try rows(found.targets) == mixedTargets)
            }
        }
    }

    @Test(
        "Two separate minibatches run through the prefix together and meet at k",
        arguments: [0, 1, 2]
    )
    func separate(layer: Int) throws {
        let model = try integerNetwork()
        let reference = try ReferenceNetwork(model)
        for count in batchSizes {
            let input = try integers([2 * count, 4], seed: 5)
            let targets = try oneHotTargets(2 * count, classCount: 3)
            // Each row of the second half becomes the partner of one of the first.
            let partners = (0..<2 * count).map { ($0 + count) % (2 * count) }
            let draw = MixDraw(layer: layer, lambdas: [0.25], pairing: .halves)
            let found = try model.trainingPass(input, targets: targets, mixing: draw)
            let state = try reference.state(rows(input), at: layer)
            let mixedState = mixed(state, lambdas: [0.25], partners: partners).prefix(count)
            #expect(try rows(found.logits) == reference.logits(Array(mixedState), from: layer))
            let mixedTargets = try mixed(rows(targets), lambdas: [0.25], partners: partners)
            #expect(try rows(found.targets) == Array(mixedTargets.prefix(count)))
        }
    }

    @Test("Each boundary gives other logits than the others and than no mix")
    func boundariesDiffer() throws {
        let model = try integerNetwork()
        let input = try integers([7, 4], seed: 5)
        let targets = try oneHotTargets(7, classCount: 3)
        let plain = try bytes(model(input, ForwardPass()))
        let found = try [0, 1, 2].map { layer in
            let draw = MixDraw(layer: layer, lambdas: [0.5], pairing: try .partners(partners(7)))
            return try bytes(model.trainingPass(input, targets: targets, mixing: draw).logits)
        }
        #expect(Set(found + [plain]).count == 4)
    }

    // Authors #12: the network went on with `x`, not with the mixed `out`, when k was 0.
    @Test("At k = 0 the first layer really receives the mixed input")
    func firstLayer() throws {
        let model = RecordingNetwork()
        let input = try integers([3, 2], seed: 1)
        let draw = MixDraw(layer: 0, lambdas: [0.25], pairing: try .partners([1, 2, 0]))
        _ = try model.trainingPass(input, targets: oneHotTargets(3, classCount: 2), mixing: draw)
        let expected = try mixed(rows(input), lambdas: [0.25], partners: [1, 2, 0])
        #expect(try rows(model.received[0]) == expected)
        #expect(try rows(model.received[0]) != rows(input))
    }

    @Test("Parts before k see plain states, parts behind it mixed ones", arguments: [0, 1, 2, 3])
    func beforeAndBehind(layer: Int) throws {
        let model = RecordingNetwork()
        let input = try integers([3, 2], seed: 1)
        let draw = MixDraw(layer: layer, lambdas: [0.25], pairing: try .partners([1, 2, 0]))
        _ = try model.trainingPass(input, targets: oneHotTargets(3, classCount: 2), mixing: draw)
        for (boundary, state) in model.received.enumerated() {
            let plain = try rows(input * Double(1 << boundary))
            let mixedState = mixed(plain, lambdas: [0.25], partners: [1, 2, 0])
            #expect(try rows(state) == (boundary < layer ? plain : mixedState))
        }
    }

    // xudonmao/VMT #1: images and labels were permuted differently.
    @Test("Targets follow the same λ and the same partners as the states", arguments: [0, 1, 2])
    func targetsFollow(layer: Int) throws {
        let model = IdentityNetwork(sites: ["one", "two"])
        let targets = try oneHotTargets(8, classCount: 5)
        let generator = try Generator(seed: 3)
        for _ in 0..<5 {
            let permutation = try generator.permutation(8)
            for lambdas in [
                [try generator.uniform()], try (0..<8).map { _ in try generator.uniform() },
            ] {
                let pairing = MixDraw.Pairing.permutation(permutation)
                let draw = MixDraw(layer: layer, lambdas: lambdas, pairing: pairing)
                let found = try model.trainingPass(targets, targets: targets, mixing: draw)
                #expect(try bytes(found.logits) == bytes(found.targets))
                #expect(try bytes(found.targets) != bytes(targets))
            }
        }
    }

    @Test("The last, smaller minibatch of an epoch is mixed like any other")
    func lastBatch() throws {
        let streams = try RandomStreams(seed: 2)
        let model = try integerNetwork()
        let mixup = try Mixup.manifoldMixup().resolved(for: model)
        let input = try integers([10, 4], seed: 5)
        let targets = try oneHotTargets(10, classCount: 3)
        for start in [0, 4, 8] {
            let count = min(4, 10 - start)
            let draw = try mixup.draw(batchSize: count, streams: streams)
            let found = try model.trainingPass(
                input.rows(start, count: count),
                targets: targets.rows(start, count: count),
                mixing: draw
            )
            #expect(try found.logits.shape == [count, 3])
            #expect(try found.targets.shape == [count, 3])
        }
    }
}
