import MixupData
import Testing

@Suite("Stratified split")
struct StratifiedSplitTests {
    private func labels(_ counts: [Int]) -> [Int] {
        counts.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    }

    @Test(
        "Both parts together are all examples, and each class is within one of its share",
        arguments: [0.1, 0.25, 0.3, 0.5, 0.77, 0.9],
        [[10, 10], [3, 50, 7], [101, 13, 29, 2], [30, 0, 31]]
    )
    func proportions(_ fraction: Double, _ counts: [Int]) throws {
        let labels = labels(counts)
        let parts = try StratifiedSplit.indices(labels: labels, testFraction: fraction, seed: 1)
        #expect((parts.train + parts.test).sorted() == Array(labels.indices))
        #expect(parts.train == parts.train.sorted())
        #expect(parts.test == parts.test.sorted())
        #expect(parts.test.count == Int((Double(labels.count) * fraction).rounded()))
        for (label, count) in counts.enumerated() where count > 0 {
            let tested = parts.test.count { labels[$0] == label }
            #expect(abs(Double(tested) - Double(count) * fraction) <= 1)
            #expect(tested < count)
        }
    }

    @Test("The largest remainders get the examples that rounding down leaves over")
    func largestRemainder() throws {
        // Shares 0.5, 1.75 and 2.25 of five: 4.5 rounds to 5, floors give 3, and 0.75 and 0.5 win.
        let labels = labels([2, 7, 9])
        let parts = try StratifiedSplit.indices(labels: labels, testFraction: 0.25, seed: 0)
        let tested = (0..<3).map { label in parts.test.count { labels[$0] == label } }
        #expect(tested == [1, 2, 2])
    }

    @Test("The same seed gives the same parts, another seed others")
    func seeds() throws {
        let labels = labels([40, 60])
        func test(_ seed: UInt64) throws -> [Int] {
            try StratifiedSplit.indices(labels: labels, testFraction: 0.3, seed: seed).test
        }
        #expect(try test(5) == test(5))
        #expect(try test(5) != test(6))
    }

    @Test("Every example of a class is tested equally often over many seeds")
    func uniform() throws {
        var counts = [Int](repeating: 0, count: 8)
        for seed in 0..<2000 as Range<UInt64> {
            let parts = try StratifiedSplit.indices(
                labels: labels([8]),
                testFraction: 0.25,
                seed: seed
            )
            for index in parts.test { counts[index] += 1 }
        }
        // 500 expected; a deviation is 19.
        #expect(counts.allSatisfy { abs($0 - 500) < 95 })
    }

    @Test(
        "A share outside 0…1, and one that is no number, is refused",
        arguments: [0, 1, -0.1, 1.5, .nan]
    )
    func shares(_ fraction: Double) {
        #expect(throws: DataError.self) {
            try StratifiedSplit.indices(labels: labels([5, 5]), testFraction: fraction, seed: 0)
        }
    }

    @Test("A single example of a class, a negative label, and an empty part are refused")
    func impossible() {
        for labels in [[0, 0, 1], [0, 0, -1, -1], [], [0, 0]] {
            #expect(throws: DataError.self) {
                try StratifiedSplit.indices(labels: labels, testFraction: 0.2, seed: 0)
            }
        }
    }

    @Test("A share that would leave a class nothing to learn from is refused")
    func nothingLeft() {
        #expect {
            try StratifiedSplit.indices(labels: labels([2, 2, 2]), testFraction: 0.9, seed: 0)
        } throws: {
            "\($0)".contains("without training examples")
        }
    }
}
