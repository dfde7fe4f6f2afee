import LibTorch
import ManifoldMixup
import Testing

@Suite("Mixing policies")
struct MixingPolicyTests {
    private let model = IdentityNetwork(sites: ["a", "b"])

    private func manifold() throws -> Mixup {
        try Mixup.manifoldMixup(layers: [0, 1, 2])
    }

    /// Draws for images of 6 × 6 pixels; a minibatch that stays as it is gives `nil`.
    private func draws(
        _ method: any MixingMethod,
        count: Int,
        progress: MixingProgress = MixingProgress(),
        seed: UInt64 = 9
    ) throws -> [(any MinibatchDraw)?] {
        let streams = try RandomStreams(seed: seed)
        return try (0..<count).map { _ in
            try method.draw(
                batchSize: 4,
                inputShape: [1, 6, 6],
                progress: progress,
                streams: streams
            )
        }
    }

    /// All that there is to see of a draw.
    private func text(_ draw: (any MinibatchDraw)?) throws -> String {
        switch draw {
        case let draw as MixDraw: try "\(draw.layer) \(draw.lambdas) \(draw.partners)"
        case let draw as CutMixDraw:
            try "\(draw.box) \(draw.permutation.scalars(as: Int64.self))"
        case let draw as CutoutDraw: "\(draw.holes)"
        default: "none"
        }
    }

    @Test("Methods are chosen in proportion to their weights")
    func frequencies() throws {
        let policy = try MixingPolicy([
            .init(manifold(), weight: 2), .init(CutMix(), weight: 1), .init(nil, weight: 1),
            .init(Cutout(), weight: 0),
        ])
        let names = try draws(policy, count: 4000).map { $0?.method }
        let counts = ["manifold-mixup", "cutmix", nil].map { name in names.count { $0 == name } }
        #expect(counts.reduce(0, +) == 4000)
        let statistic = Statistics.chiSquare(counts, probabilities: [0.5, 0.25, 0.25])
        #expect(statistic < Statistics.chiSquareLimit[2, default: 0])
        let wrong = Statistics.chiSquare(counts, probabilities: [0.4, 0.3, 0.3])
        #expect(wrong > Statistics.chiSquareLimit[2, default: 0])
    }

    @Test("Minibatches are mixed with the given probability", arguments: [0.3, 0.9])
    func probability(probability: Double) throws {
        let policy = try MixingPolicy(manifold(), probability: probability)
        let mixed = try draws(policy, count: 4000).count { $0 != nil }
        let statistic = Statistics.chiSquare(
            [mixed, 4000 - mixed],
            probabilities: [probability, 1 - probability]
        )
        #expect(statistic < Statistics.chiSquareLimit[1, default: 0])
        #expect(
            try draws(MixingPolicy(manifold(), probability: 0), count: 99).allSatisfy { $0 == nil }
        )
    }

    @Test("A policy that always applies one method draws what the method alone does")
    func transparent() throws {
        for method in [try manifold(), try CutMix(), try Cutout(hole: 3)] as [any MixingMethod] {
            let alone = try draws(method, count: 50).map(text)
            #expect(try draws(MixingPolicy(method), count: 50).map(text) == alone)
            #expect(!alone.contains("none"))
        }
    }

    @Test(
        "The probability does not shift λ, k, boxes or partners of the minibatches that are mixed"
    )
    func probabilityIsSeparate() throws {
        let choices = [MixingPolicy.Choice(try manifold()), .init(try CutMix())]
        let always = try draws(MixingPolicy(choices), count: 200).map(text)
        let sometimes = try draws(MixingPolicy(choices, probability: 0.5), count: 200).map(text)
        #expect(sometimes.contains("none"))
        #expect(zip(sometimes, always).allSatisfy { $0 == $1 || $0 == "none" })
    }

    @Test("A disturbance of one stream changes what it is for and nothing else")
    func streamsAreSeparate() throws {
        func methods(disturbing stream: RandomStreams.Stream?) throws -> [String?] {
            let policy = try MixingPolicy([.init(manifold()), .init(CutMix())], probability: 0.7)
            let streams = try RandomStreams(seed: 3)
            return try (0..<100).map { _ in
                if let stream { _ = try streams[stream].uniform() }
                return try policy.draw(
                    batchSize: 4,
                    inputShape: [1, 6, 6],
                    progress: MixingProgress(),
                    streams: streams
                )?.method
            }
        }
        let plain = try methods(disturbing: nil)
        for stream in RandomStreams.Stream.allCases {
            let matters = stream == .method || stream == .mixing
            #expect(try (methods(disturbing: stream) != plain) == matters)
        }
    }

    @Test("After the last epoch of mixing every minibatch stays as it is; before, nothing changes")
    func stopEpoch() throws {
        let policy = try MixingPolicy(manifold(), stopEpoch: 3)
        let endless = try draws(manifold(), count: 20).map(text)
        for epoch in 0..<6 {
            let found = try draws(policy, count: 20, progress: .init(epoch: epoch, of: 6)).map(text)
            #expect(found == (epoch < 3 ? endless : [String](repeating: "none", count: 20)))
        }
    }

    @Test("The course of α ends with the last epoch that is mixed")
    func courseOfAlpha() throws {
        let mixup = try Mixup(alpha: 4, finalAlpha: 0.5, eligibleLayers: EligibleLayers([0]))
        let last = try Mixup(alpha: 0.5, eligibleLayers: EligibleLayers([0]))
        let expected = try draws(last, count: 20).map(text)
        let stopped = try MixingPolicy(mixup, stopEpoch: 3)
        let early = try draws(stopped, count: 20, progress: .init(epoch: 2, of: 9)).map(text)
        #expect(early == expected)
        // An end that is never reached does not stretch it.
        let long = try MixingPolicy(mixup, stopEpoch: 30)
        let late = try draws(long, count: 20, progress: .init(epoch: 8, of: 9)).map(text)
        #expect(late == expected)
    }

    @Test("Resolving reaches every method, and a method that does not fit is refused")
    func resolving() throws {
        let policy = try MixingPolicy([.init(Mixup.manifoldMixup()), .init(Cutout()), .init(nil)])
        let resolved = try policy.resolved(for: model, inputShape: [1, 6, 6])
        #expect((resolved.choices[0].method as? Mixup)?.eligibleLayers?.layers == [0, 1, 2])
        #expect((resolved.choices[1].method as? Cutout)?.hole == 3)
        #expect(resolved.summary.contains("33.3 % manifold-mixup at boundaries {0, 1, 2}"))
        let table = messageOfError { _ = try policy.resolved(for: model, inputShape: [6]) }
        #expect(table.contains("cutout is for images"))
        let deep = try MixingPolicy(Mixup.manifoldMixup(layers: [7]))
        #expect(
            messageOfError { _ = try deep.resolved(for: model, inputShape: [6]) }.contains(
                "layer 7"
            )
        )
    }

    @Test("Policies that cannot be are one-line errors")
    func refusals() throws {
        _ = messageOfError { _ = try MixingPolicy([]) }
        for weight in [-1, 0, .nan, .infinity] {
            let message = messageOfError {
                _ = try MixingPolicy([.init(CutMix(), weight: weight)])
            }
            #expect(message.contains("method weights"))
        }
        for probability in [-0.1, 1.1, .nan] {
            let message = messageOfError {
                _ = try MixingPolicy(CutMix(), probability: probability)
            }
            #expect(message.contains("probability"))
        }
        #expect(messageOfError { _ = try MixingPolicy(CutMix(), stopEpoch: 0) }.contains("1 epoch"))
    }

    @Test("A policy says what it does")
    func summary() throws {
        let policy = try MixingPolicy(
            [.init(Mixup.inputMixup(), weight: 3), .init(nil)],
            probability: 0.5,
            stopEpoch: 7
        )
        #expect(
            policy.summary
                == "75 % input-mixup at boundaries {0}, 25 % none, with probability 0.5, "
                + "until epoch 7"
        )
        #expect(try MixingPolicy(CutMix()).summary == "cutmix")
    }
}
