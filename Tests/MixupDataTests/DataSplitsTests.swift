import Testing

@testable import MixupData

@Suite("Parts of a data set")
struct DataSplitsTests {
    /// Examples whose only value is their index, so that they can be followed.
    private func splits(_ counts: [Int]) throws -> DataSplits {
        let labels = counts.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
        func dataset(_ labels: [Int], _ name: String) throws -> Dataset {
            try Dataset(
                name: name,
                shape: [1],
                classNames: counts.indices.map(String.init),
                labels: labels,
                features: .floats(labels.indices.map { Float($0) }),
                normalization: Normalization(mean: [3])
            )
        }
        return try DataSplits(train: dataset(labels, "train"), test: dataset([0, 1], "test"))
    }

    private func identities(_ dataset: Dataset) -> [Float] {
        guard case .floats(let values) = dataset.features else { return [] }
        return values
    }

    @Test("A limit keeps so many of every class, and all of a class that has fewer")
    func perClass() throws {
        let all = try splits([50, 7, 20])
        let some = try all.limited(perClass: 10, seed: 0)
        #expect(some.train.classCounts == [10, 7, 10])
        #expect(Set(identities(some.train)).count == 27)
        #expect(some.train.normalization == all.train.normalization)
        #expect(some.test.count == 2)
        #expect(try all.limited(perClass: 50, seed: 0).train.count == 77)
        #expect(throws: DataError.self) { try all.limited(perClass: 0, seed: 0) }
    }

    @Test("The chosen examples depend on the seed alone, and a smaller choice is in a larger one")
    func perClassSeed() throws {
        let all = try splits([50, 40])
        func chosen(_ count: Int, _ seed: UInt64) throws -> [Float] {
            try identities(all.limited(perClass: count, seed: seed).train)
        }
        #expect(try chosen(10, 3) == chosen(10, 3))
        #expect(try chosen(10, 3) != chosen(10, 4))
        #expect(try Set(chosen(10, 3)).isSubset(of: chosen(20, 3)))
        // Another class's size changes nothing.
        let other = try splits([50, 400]).limited(perClass: 10, seed: 3).train
        #expect(try identities(other).prefix(10) == chosen(10, 3).prefix(10))
    }

    @Test("Every example of a class is chosen equally often over many seeds")
    func perClassUniform() throws {
        let labels = [Int](repeating: 0, count: 8)
        var counts = [Int](repeating: 0, count: 8)
        for seed in 0..<2000 as Range<UInt64> {
            for index in try StratifiedSplit.indices(labels: labels, perClass: 2, seed: seed) {
                counts[index] += 1
            }
        }
        // 500 expected; a deviation is 19.
        #expect(counts.allSatisfy { abs($0 - 500) < 95 })
    }

    @Test("Held-out examples and the rest are the training part, divided class by class")
    func holdOut() throws {
        let all = try splits([50, 10, 20])
        let divided = try all.holdingOut(0.2, seed: 1)
        let validation = try #require(divided.validation)
        #expect(validation.classCounts == [10, 2, 4])
        #expect(divided.train.classCounts == [40, 8, 16])
        #expect(
            (identities(divided.train) + identities(validation)).sorted() == identities(all.train)
        )
        #expect(validation.normalization == all.train.normalization)
        #expect(identities(divided.test) == identities(all.test))
        #expect(all.validation == nil)

        let again = try #require(try all.holdingOut(0.2, seed: 1).validation)
        let other = try #require(try all.holdingOut(0.2, seed: 2).validation)
        #expect(identities(again) == identities(validation))
        #expect(identities(other) != identities(validation))
    }

    @Test("A share that cannot be held out is refused", arguments: [0, 1, -0.5, .nan, 0.001])
    func impossibleShare(_ share: Double) throws {
        #expect(throws: DataError.self) { try splits([5, 5]).holdingOut(share, seed: 0) }
    }

    @Test("A validation part of another kind is refused")
    func mismatched() throws {
        let splits = try splits([5, 5])
        let other = try self.splits([5, 5, 5])
        #expect(throws: DataError.self) {
            try DataSplits(train: splits.train, validation: other.train, test: splits.test)
        }
    }
}
