import LibTorch
import ManifoldMixup
import Testing

@Suite("What is drawn for a minibatch")
struct DrawTests {
    private func mixup(
        alpha: Double = 2,
        scope: Mixup.LambdaScope = .batch,
        isFolded: Bool = false,
        partner: Mixup.Partner = .shuffled
    ) throws -> Mixup {
        try Mixup(
            alpha: alpha,
            eligibleLayers: EligibleLayers([0, 1, 2]),
            lambdaScope: scope,
            isFolded: isFolded,
            partner: partner
        )
    }

    private func draws(_ mixup: Mixup, count: Int, batchSize: Int) throws -> [MixDraw] {
        let streams = try RandomStreams(seed: 9)
        return try (0..<count).map { _ in
            try mixup.draw(batchSize: batchSize, streams: streams)
        }
    }

    // Authors #4: DataParallel drew one λ for every device.
    @Test(
        "A minibatch has one λ, or one for each example on request",
        arguments: [1, 2, 3, 7, 128]
    )
    func lambdaCount(batchSize: Int) throws {
        for partner in Mixup.Partner.allCases {
            let one = try draws(mixup(partner: partner), count: 1, batchSize: batchSize)[0]
            #expect(one.lambdas.count == 1)
            let each = try mixup(scope: .sample, partner: partner)
            let many = try draws(each, count: 1, batchSize: batchSize)[0]
            #expect(many.lambdas.count == batchSize)
            #expect(Set(many.lambdas).count == batchSize)
        }
    }

    @Test("Over minibatches λ follows Beta(α, α) and is not folded", arguments: [0.2, 1, 2])
    func notFolded(alpha: Double) throws {
        let lambdas = try draws(mixup(alpha: alpha), count: 2000, batchSize: 1).map {
            $0.lambdas[0]
        }
        let distance = Statistics.kolmogorovSmirnov(lambdas) {
            Statistics.symmetricBetaCDF($0, alpha: alpha)
        }
        #expect(distance < Statistics.kolmogorovSmirnovLimit(2000))
        #expect(lambdas.contains { $0 < 0.5 })
    }

    @Test("Folded, λ is max(λ, 1 − λ): in [½, 1] and with the folded law")
    func folded() throws {
        let plain = try draws(mixup(), count: 2000, batchSize: 1).map { $0.lambdas[0] }
        let folded = try draws(mixup(isFolded: true), count: 2000, batchSize: 1).map {
            $0.lambdas[0]
        }
        #expect(folded == plain.map { max($0, 1 - $0) })
        #expect(folded.allSatisfy { (0.5...1).contains($0) })
        let distance = Statistics.kolmogorovSmirnov(folded) {
            2 * Statistics.symmetricBetaCDF($0, alpha: 2) - 1
        }
        #expect(distance < Statistics.kolmogorovSmirnovLimit(2000))
    }

    @Test("λ of the examples of one minibatch follow Beta(α, α), too")
    func perSample() throws {
        let draw = try draws(mixup(alpha: 0.2, scope: .sample), count: 1, batchSize: 5000)[0]
        let distance = Statistics.kolmogorovSmirnov(draw.lambdas) {
            Statistics.symmetricBetaCDF($0, alpha: 0.2)
        }
        #expect(distance < Statistics.kolmogorovSmirnovLimit(5000))
    }

    @Test("k and λ are drawn independently of each other")
    func independence() throws {
        let all = try draws(mixup(), count: 3000, batchSize: 1)
        let cells = (0...2).flatMap { layer in
            [true, false].map { isLow in
                all.count { $0.layer == layer && ($0.lambdas[0] < 0.5) == isLow }
            }
        }
        let sixth = [Double](repeating: 1.0 / 6, count: 6)
        let statistic = Statistics.chiSquare(cells, probabilities: sixth)
        #expect(statistic < Statistics.chiSquareLimit[5, default: 0])
    }

    @Test("The partners are a permutation of the minibatch", arguments: [1, 2, 3, 7, 128])
    func permutation(batchSize: Int) throws {
        for draw in try draws(mixup(), count: 5, batchSize: batchSize) {
            #expect(try draw.partners.sorted() == Array(0..<batchSize))
        }
    }

    @Test("Every permutation is equally likely, so that examples may keep their place")
    func uniformPermutation() throws {
        let all = try draws(mixup(), count: 6000, batchSize: 3).map { try $0.partners }
        let counts = Dictionary(grouping: all, by: { $0 }).mapValues(\.count)
        #expect(counts.count == 6)
        let sixth = [Double](repeating: 1.0 / 6, count: 6)
        let statistic = Statistics.chiSquare(Array(counts.values), probabilities: sixth)
        #expect(statistic < Statistics.chiSquareLimit[5, default: 0])
        // The number of fixed points has mean 1 and variance 1.
        let fixed = all.reduce(0) { $0 + $1.enumerated().count { $0.offset == $0.element } }
        #expect(abs(Double(fixed) / 6000 - 1) < 4.5 / 6000.0.squareRoot())
    }

    // timm mixes with the flipped batch, torchvision with the batch rolled by one.
    @Test("Pairs are neither a flip nor a roll, and fresh for every minibatch")
    func freshPairs() throws {
        let all = try draws(mixup(), count: 100, batchSize: 16).map { try $0.partners }
        let flip = Array((0..<16).reversed())
        let rolls = (0..<16).map { shift in (0..<16).map { ($0 + shift) % 16 } }
        #expect(!all.contains { $0 == flip || rolls.contains($0) })
        #expect(Set(all).count == 100)
    }

    @Test("With a separate second minibatch the partners are the second half of the rows")
    func halves() throws {
        for draw in try draws(mixup(partner: .separate), count: 5, batchSize: 4) {
            guard case .halves = draw.pairing else {
                Issue.record("the partners come from the same minibatch")
                continue
            }
            #expect(draw.lambdas.count == 1)
        }
    }

    @Test("Two processes with one seed draw the same k, λ and permutations")
    func sameSeed() throws {
        let first = try draws(mixup(), count: 50, batchSize: 8)
        let second = try draws(mixup(), count: 50, batchSize: 8)
        #expect(first.map(\.layer) == second.map(\.layer))
        #expect(first.map(\.lambdas) == second.map(\.lambdas))
        #expect(try first.map { try $0.partners } == second.map { try $0.partners })
    }
}
