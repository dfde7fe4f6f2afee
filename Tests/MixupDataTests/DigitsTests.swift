import Testing

@testable import MixupData

@Suite("The bundled digits")
struct DigitsTests {
    @Test("There are 1,797 digits with the counts that their publishers state")
    func counts() throws {
        let digits = try Digits.all()
        #expect(digits.count == 1797)
        #expect(digits.shape == [1, 8, 8])
        #expect(digits.classNames == (0...9).map { "\($0)" })
        #expect(digits.classCounts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    }

    @Test("Pixels use the whole range 0 to 16, and the first image is the zero it is known for")
    func pixels() throws {
        let digits = try Digits.all()
        guard case .bytes(let values) = digits.features else {
            Issue.record("the digits are not kept as bytes")
            return
        }
        #expect(values.min() == 0)
        #expect(values.max() == 16)
        #expect(digits.labels[0] == 0)
        #expect(values[0..<16] == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0])
    }

    @Test("Three quarters of every class are for training, none of them for testing as well")
    func split() throws {
        let splits = try Digits.load()
        #expect(splits.train.count == 1348)
        #expect(splits.test.count == 449)
        let whole = try Digits.all().classCounts
        for (label, count) in whole.enumerated() {
            #expect(abs(Double(splits.test.classCounts[label]) - Double(count) / 4) < 1)
            #expect(splits.train.classCounts[label] + splits.test.classCounts[label] == count)
        }
    }

    /// The numbers come from a second implementation of the same rule, in another language.
    @Test("The division is the same for everybody")
    func sameForEverybody() throws {
        let parts = try StratifiedSplit.indices(
            labels: Digits.all().labels,
            testFraction: 0.25,
            seed: 0
        )
        #expect(Array(parts.test.prefix(10)) == [4, 10, 13, 15, 19, 26, 29, 33, 34, 35])
        let fingerprint = parts.test.reduce(UInt64(0)) { $0 &* 1_000_003 &+ UInt64($1) }
        #expect(fingerprint == 11_589_116_507_827_970_517)
    }

    @Test("Training pixels have mean 0 and variance 1, and testing uses the same statistics")
    func normalised() throws {
        let splits = try Digits.load()
        #expect(splits.train.normalization.scale == 16)
        #expect(splits.test.normalization == splits.train.normalization)
        let values = try splits.train.minibatch(0..<1348).features.map { Double($0) }
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        #expect(abs(mean) < 1e-6)
        #expect(abs(square - 1) < 1e-6)
    }

    @Test(
        "Values, labels and order are those of the source",
        .enabled(if: SharedData.hasDigits, "needs ../shared/data/digits beside the package")
    )
    func source() throws {
        let source = try Table(path: "\(SharedData.folder)/digits/digits.csv.gz")
        let digits = try Digits.all()
        #expect(digits.labels.map { "\($0)" } == source.labels)
        guard case .bytes(let values) = digits.features else {
            Issue.record("the digits are not kept as bytes")
            return
        }
        #expect(values.map { Float($0) } == source.features)
    }
}
