/// The bundled digits: 1,797 handwritten digits of 8 × 8 pixels from 13 writers.
///
/// This is the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
/// C. Kaynak, UCI Machine Learning Repository, licensed CC BY 4.0. It is part of the compiled
/// program, so that the first experiment needs no file and no network.
public enum Digits {
    /// The largest value of a pixel; the smallest is 0.
    static let largestValue = 16

    /// Loads the digits, three quarters of every class for training, the same for everybody.
    ///
    /// An example has the shape `[1, 8, 8]`. Pixels are divided by 16, then standardised by the
    /// training part's mean and standard deviation.
    public static func load() throws -> DataSplits {
        let all = try all()
        let parts = try StratifiedSplit.indices(labels: all.labels, testFraction: 0.25, seed: 0)
        var train = try all.subset(parts.train, name: "digits train")
        var test = try all.subset(parts.test, name: "digits test")
        train.normalization = train.measuredNormalization(scale: Double(largestValue))
        test.normalization = train.normalization
        return try DataSplits(train: train, test: test)
    }

    /// All digits in the source's order, undivided.
    static func all() throws -> Dataset {
        var pixels: [UInt8] = []
        var labels: [Int] = []
        for line in table.utf8.split(separator: UInt8(ascii: "\n")) {
            let values = try line.filter { $0 != UInt8(ascii: " ") }.map { try value(of: $0) }
            pixels += values.dropLast()
            labels += values.suffix(1).map { Int($0) }
        }
        return try Dataset(
            name: "digits",
            shape: [1, 8, 8],
            classNames: (0..<10).map { String($0) },
            labels: labels,
            features: .bytes(pixels),
            normalization: Normalization(scale: Double(largestValue))
        )
    }

    /// The value that one character of the table stands for: `0`…`9`, then `a` = 10 to `g` = 16.
    private static func value(of character: UInt8) throws -> UInt8 {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "g"): character - UInt8(ascii: "a") + 10
        default: throw DataError.invalidDataset(name: "digits", reason: "the table is damaged")
        }
    }
}
