import LibTorch
import ManifoldMixup
import Testing

@Suite("Streams of a minibatch's parts")
struct PartStreamsTests {
    private func mixup() throws -> Mixup {
        try Mixup(alpha: 1, eligibleLayers: EligibleLayers([0, 1, 2]))
    }

    private func order(_ draw: MixDraw) throws -> [Int64] {
        guard case .permutation(let order) = draw.pairing else { return [] }
        return try order.scalars()
    }

    @Test("All parts draw one k and one λ, and each an order of its own")
    func shared() throws {
        let (streams, mixup) = (try RandomStreams(seed: 3), try mixup())
        var orders = Set<[Int64]>()
        for step in 0..<20 {
            let parts = try PartStreams(streams, step: step, count: 4)
            let draws = try (0..<4).map { try mixup.draw(batchSize: 30, streams: parts[$0]) }
            #expect(Set(draws.map(\.layer)).count == 1)
            #expect(Set(draws.map(\.lambdas)).count == 1)
            for draw in draws { orders.insert(try order(draw)) }
        }
        #expect(orders.count == 80)
    }

    @Test("The first part draws what a minibatch without parts does, whatever the others draw")
    func firstPart() throws {
        let (whole, divided, mixup) = (
            try RandomStreams(seed: 3), try RandomStreams(seed: 3), try mixup()
        )
        for step in 0..<10 {
            let expected = try mixup.draw(batchSize: 9, streams: whole)
            let parts = try PartStreams(divided, step: step, count: 3)
            let draw = try mixup.draw(batchSize: 9, streams: parts[0])
            // Parts of another size, as in the last step of an epoch.
            for part in 1..<3 { _ = try mixup.draw(batchSize: 8, streams: parts[part]) }
            #expect(draw.lambdas == expected.lambdas)
            #expect(try order(draw) == order(expected))
        }
    }

    @Test("A part's draws depend on the seed, the step and its number, not on who draws before")
    func repeatable() throws {
        func orders(seed: UInt64, step: Int) throws -> [[Int64]] {
            let parts = try PartStreams(RandomStreams(seed: seed), step: step, count: 3)
            return try [1, 2].map {
                try order(mixup().draw(batchSize: 20, streams: parts[$0]))
            }
        }
        let reference = try orders(seed: 1, step: 5)
        #expect(try orders(seed: 1, step: 5) == reference)
        for (seed, step) in [(2, 5), (1, 6), (1, 4)] as [(UInt64, Int)] {
            let others = try orders(seed: seed, step: step)
            #expect(Set(others).isDisjoint(with: reference))
        }
    }

    @Test("Dropout and boxes differ between the parts too")
    func dropoutAndBoxes() throws {
        let parts = try PartStreams(RandomStreams(seed: 1), step: 0, count: 3)
        for stream in [RandomStreams.Stream.dropout, .box] {
            let numbers = try (0..<3).map { try parts[$0][stream].uniforms(5) }
            #expect(Set(numbers).count == 3)
        }
    }
}
