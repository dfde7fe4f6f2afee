import Testing

@testable import MixupData

@Suite("Plans of an epoch's minibatches")
struct MinibatchPlanTests {
    private func dataset() throws -> Dataset {
        try Dataset(
            name: "pixels",
            shape: [1, 1, 3],
            classNames: ["a", "b"],
            labels: (0..<11).map { $0 % 2 },
            features: .bytes((0..<33).map { UInt8($0) }),
            normalization: Normalization()
        )
    }

    /// The values of one example.
    private func pixels(_ example: Int) -> [Float] {
        (3 * example..<3 * example + 3).map { Float($0) }
    }

    @Test("The minibatches are the examples in their order; the last may be smaller")
    func examples() throws {
        let order = [3, 1, 4, 10, 5, 9, 2, 6, 8, 7, 0]
        for (batchSize, sizes) in [
            (4, [4, 4, 3]), (11, [11]), (100, [11]), (1, [Int](repeating: 1, count: 11)),
        ] {
            let plan = try MinibatchPlan(dataset(), examples: order, batchSize: batchSize)
            let batches = try (0..<plan.count).map { try plan.minibatch($0) }
            #expect(batches.map(\.labels.count) == sizes)
            let expected = order.flatMap { pixels($0) }
            #expect(batches.flatMap(\.features) == expected)
        }
    }

    @Test("Partners follow the examples of the same minibatch, with changes of their own")
    func partners() throws {
        let epoch = EpochAugmentation(Augmentation(flip: true), key: 5, epoch: 2)
        let plan = try MinibatchPlan(
            dataset(),
            examples: Array(0..<11),
            partners: Array((0..<11).reversed()),
            batchSize: 4,
            augmentation: epoch
        )
        let batch = try plan.minibatch(1)
        #expect(batch.shape == [8, 1, 1, 3])
        #expect(batch.labels == [0, 1, 0, 1, 0, 1, 0, 1])
        var expected: [Float] = []
        for (position, example) in [4, 5, 6, 7, 6, 5, 4, 3].enumerated() {
            let isPartner = position >= 4
            let draw = epoch.draw(example: example, isPartner: isPartner, height: 1, width: 3)
            let row = pixels(example)
            expected += draw.isFlipped ? row.reversed() : row
        }
        #expect(batch.features == expected)
    }

    @Test("Impossible plans and minibatches that are not there are refused")
    func refused() throws {
        let dataset = try dataset()
        #expect(throws: DataError.self) {
            try MinibatchPlan(dataset, examples: [0, 1], batchSize: 0)
        }
        #expect(throws: DataError.self) {
            try MinibatchPlan(dataset, examples: [0, 1], partners: [0], batchSize: 1)
        }
        let plan = try MinibatchPlan(dataset, examples: [0, 11], batchSize: 1)
        #expect(throws: DataError.indexOutOfRange(dataset: "pixels", index: 11, count: 11)) {
            try plan.minibatch(1)
        }
        for number in [-1, 2, Int.max] {
            #expect(throws: DataError.self) { try plan.minibatch(number) }
        }
        #expect(try MinibatchPlan(dataset, examples: [], batchSize: .max).count == 0)
    }
}
