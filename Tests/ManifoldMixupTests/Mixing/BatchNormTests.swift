import LibTorch
import ManifoldMixup
import Testing

@Suite("Batch normalisation around a mix")
struct BatchNormTests {
    /// Boundary 1 lies before the normalisation, boundary 2 behind it.
    private let model: BlockNetwork
    private let input: Tensor
    private let targets: Tensor
    private let partners = [3, 0, 4, 1, 2]

    init() throws {
        model = BlockNetwork(
            inputShape: [3],
            [
                ("before", MixingSite("before")),
                ("bn", try BatchNorm(3, dtype: .float64)),
                ("behind", MixingSite("behind")),
            ]
        )
        input = try normal([5, 3], seed: 1, dtype: .float64)
        targets = try oneHotTargets(5, classCount: 3, dtype: .float64)
    }

    private func runningVariance() throws -> [Double] {
        let named = model.stateDictionary().first { $0.name == "bn.running_var" }
        return try #require(named).tensor.scalars(as: Double.self)
    }

    /// The running variance after one batch: 0.9 of the first value, 1, and 0.1 of the batch's.
    private func expectedVariance(_ batch: Rows) -> [Double] {
        batch[0].indices.map { channel in
            0.9 + 0.1 * Statistics.moments(batch.map { $0[channel] }).variance
        }
    }

    private func expectEqual(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (left, right) in zip(found, expected) {
            #expect(abs(left - right) < 1e-12)
        }
    }

    @Test(
        "Behind k it sees the statistics of the mixed states, before k those of the plain ones",
        arguments: [0, 1, 2]
    )
    func statistics(layer: Int) throws {
        let draw = MixDraw(layer: layer, lambdas: [0.25], pairing: try .partners(partners))
        _ = try model.trainingPass(input, targets: targets, mixing: draw)
        let plain = try rows(input)
        let mixedInput = mixed(plain, lambdas: [0.25], partners: partners)
        #expect(expectedVariance(plain) != expectedVariance(mixedInput))
        let seen = layer == 2 ? plain : mixedInput
        expectEqual(try runningVariance(), expectedVariance(seen))
    }

    @Test("Before k it sees both of two separate minibatches as one")
    func separate() throws {
        let both = try Tensor.concatenated([input, normal([5, 3], seed: 2, dtype: .float64)])
        let draw = MixDraw(layer: 2, lambdas: [0.25], pairing: .halves)
        let found = try model.trainingPass(
            both,
            targets: .concatenated([targets, targets]),
            mixing: draw
        )
        #expect(try found.logits.shape == [5, 3])
        expectEqual(try runningVariance(), expectedVariance(try rows(both)))
    }

    @Test("In evaluation it keeps its statistics, and every row is computed on its own")
    func evaluation() throws {
        let draw = MixDraw(layer: 1, lambdas: [0.25], pairing: try .partners(partners))
        _ = try model.trainingPass(input, targets: targets, mixing: draw)
        let before = try bytes(model)
        let all = try model(input, ForwardPass())
        for row in 0..<5 {
            let alone = try model(input.rows(row, count: 1), ForwardPass())
            #expect(try bytes(alone) == bytes(all.rows(row, count: 1)))
        }
        #expect(try bytes(model) == before)
    }

    @Test("A batch of 1, which has no variance, is a one-line error and not a NaN")
    func single() throws {
        let draw = MixDraw(layer: 1, lambdas: [0.25], pairing: try .partners([0]))
        let message = messageOfError {
            _ = try model.trainingPass(
                input.rows(0, count: 1),
                targets: targets.rows(0, count: 1),
                mixing: draw
            )
        }
        #expect(message.contains("batch"))
    }
}
