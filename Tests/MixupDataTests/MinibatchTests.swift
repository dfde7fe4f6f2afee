import MixupData
import Testing

@Suite("Minibatches")
struct MinibatchTests {
    /// Two channels of three values each, every byte value among them.
    private func images(_ normalization: Normalization) throws -> Dataset {
        try Dataset(
            name: "images",
            shape: [2, 1, 3],
            classNames: ["a", "b"],
            labels: (0..<86).map { $0 % 2 },
            features: .bytes((0..<516).map { UInt8(truncatingIfNeeded: $0) }),
            normalization: normalization
        )
    }

    @Test("Rows come in the order of the indices, with their labels, in one buffer")
    func order() throws {
        let batch = try images(Normalization()).minibatch([3, 0, 3])
        #expect(batch.shape == [3, 2, 1, 3])
        #expect(batch.labels == [1, 0, 1])
        let third: [Float] = [18, 19, 20, 21, 22, 23]
        #expect(batch.features == third + [0, 1, 2, 3, 4, 5] + third)
    }

    @Test("Any collection of indices will do", arguments: [1, 2, 7, 86])
    func collections(_ size: Int) throws {
        let dataset = try images(Normalization())
        let range = try dataset.minibatch(0..<size)
        #expect(try dataset.minibatch(Array(0..<size)[...]).features == range.features)
        #expect(try dataset.minibatch((0..<size).lazy.map { $0 }).features == range.features)
        #expect(range.features.count == size * 6)
        #expect(range.labels.count == size)
    }

    @Test("Every byte value is normalised with its own channel's mean and deviation")
    func bytes() throws {
        let dataset = try images(
            Normalization(scale: 255, mean: [0.25, 0.5], standardDeviation: [0.5, 0.125])
        )
        let values = try dataset.minibatch(0..<86).features
        for (position, value) in values.enumerated() {
            let raw = Double(position % 256) / 255
            let expected = position % 6 < 3 ? (raw - 0.25) / 0.5 : (raw - 0.5) / 0.125
            #expect(abs(Double(value) - expected) <= 1e-6 * max(1, abs(expected)))
        }
    }

    @Test("One mean and deviation serve all channels")
    func oneForAll() throws {
        let one = Normalization(scale: 255, mean: [0.4], standardDeviation: [0.3])
        let each = Normalization(scale: 255, mean: [0.4, 0.4], standardDeviation: [0.3, 0.3])
        let first = try images(one).minibatch(0..<86).features
        let second = try images(each).minibatch(0..<86).features
        #expect(first == second)
    }

    @Test("Bytes and the same values as numbers give the same minibatch, bit for bit")
    func floats() throws {
        let normalization = Normalization(
            scale: 255,
            mean: [0.1307, 0.5],
            standardDeviation: [0.3081, 0.2]
        )
        let bytes = try images(normalization)
        let floats = try Dataset(
            name: "numbers",
            shape: bytes.shape,
            classNames: bytes.classNames,
            labels: bytes.labels,
            features: .floats((0..<516).map { Float($0 % 256) }),
            normalization: normalization
        )
        let indices = [85, 1, 40, 0]
        let first = try bytes.minibatch(indices).features
        let second = try floats.minibatch(indices).features
        #expect(first == second)
    }

    @Test("An index below 0 or past the end is refused", arguments: [-1, 86, Int.max, Int.min])
    func outOfRange(_ index: Int) throws {
        let dataset = try images(Normalization())
        #expect(throws: DataError.indexOutOfRange(dataset: "images", index: index, count: 86)) {
            try dataset.minibatch([0, index])
        }
    }

    @Test("A minibatch of nothing is refused")
    func empty() throws {
        let dataset = try images(Normalization())
        #expect(throws: DataError.emptyMinibatch(dataset: "images")) { try dataset.minibatch([]) }
    }

    @Test(
        "A normalisation that cannot be applied is refused, also when it is set later",
        arguments: [
            Normalization(scale: 0),
            Normalization(scale: .nan),
            Normalization(scale: -255),
            Normalization(mean: []),
            Normalization(mean: [0, 0, 0]),
            Normalization(mean: [.infinity]),
            Normalization(standardDeviation: [1, 1, 1]),
            Normalization(standardDeviation: [0]),
            Normalization(standardDeviation: [1, -1]),
            Normalization(standardDeviation: [.nan]),
        ]
    )
    func impossible(_ normalization: Normalization) throws {
        #expect(throws: DataError.self) { try images(normalization) }
        var dataset = try images(Normalization())
        dataset.normalization = normalization
        #expect {
            try dataset.minibatch([0])
        } throws: {
            "\($0)".contains("images: the normalisation")
        }
    }
}
