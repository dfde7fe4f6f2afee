import MixupData
import Testing

@Suite("Data sets")
struct DatasetTests {
    /// Example `i` holds the values `4i … 4i + 3` and has label `i mod 3`.
    static func sample(count: Int = 6, shape: [Int] = [1, 2, 2]) throws -> Dataset {
        try Dataset(
            name: "sample",
            shape: shape,
            classNames: ["a", "b", "c"],
            labels: (0..<count).map { $0 % 3 },
            features: .bytes((0..<count * 4).map { UInt8($0) }),
            normalization: Normalization()
        )
    }

    private func make(
        shape: [Int] = [2],
        classNames: [String] = ["a", "b"],
        labels: [Int] = [0, 1],
        features: Dataset.Features = .floats([1, 2, 3, 4]),
        normalization: Normalization = Normalization()
    ) throws -> Dataset {
        try Dataset(
            name: "mine",
            shape: shape,
            classNames: classNames,
            labels: labels,
            features: features,
            normalization: normalization
        )
    }

    @Test("Counts follow from labels, classes and shape")
    func counts() throws {
        let dataset = try Self.sample(count: 7)
        #expect(dataset.count == 7)
        #expect(dataset.classCount == 3)
        #expect(dataset.featureCount == 4)
        #expect(dataset.classCounts == [3, 2, 2])
    }

    @Test("A class without examples is counted with 0")
    func emptyClass() throws {
        #expect(try make(classNames: ["a", "b", "c"]).classCounts == [1, 1, 0])
    }

    @Test("A data set without examples is refused")
    func empty() {
        #expect {
            try make(labels: [], features: .floats([]))
        } throws: {
            "\($0)".contains("mine: it is empty")
        }
    }

    @Test(
        "Too few and too many values are refused with both numbers",
        arguments: [3, 5]
    )
    func sizes(_ count: Int) {
        #expect {
            try make(features: .bytes([UInt8](repeating: 0, count: count)))
        } throws: {
            "\($0)".contains("have 4 values, but there are \(count)")
        }
    }

    @Test(
        "A shape without dimensions, or with one below 1, is refused",
        arguments: [[], [0], [2, -1], [-1, -2]]
    )
    func shapes(_ shape: [Int]) {
        #expect { try make(shape: shape) } throws: { "\($0)".contains("the shape \(shape)") }
    }

    @Test("A shape whose product no number can hold is refused")
    func hugeShape() {
        #expect {
            try make(shape: [Int.max, 2])
        } throws: {
            "\($0)".contains("too many")
        }
    }

    @Test(
        "A label that is no class is refused with its position",
        arguments: [2, -1, Int.max]
    )
    func labels(_ label: Int) {
        #expect {
            try make(labels: [0, label])
        } throws: {
            "\($0)".contains("example 1 has label \(label); labels of 2 classes are 0 to 1")
        }
    }

    @Test("Two classes of the same name are refused")
    func doubleClass() {
        #expect {
            try make(classNames: ["a", "a"])
        } throws: {
            "\($0)".contains("same name")
        }
    }

    @Test(
        "A value that is not finite is refused with its example",
        arguments: [Float.nan, .infinity]
    )
    func notFinite(_ value: Float) {
        #expect {
            try make(features: .floats([1, 2, value, 4]))
        } throws: {
            "\($0)".contains("example 1 holds the value \(value)")
        }
    }

    @Test("A subset holds the chosen examples in the chosen order, repeated where asked")
    func subset() throws {
        let chosen = try Self.sample().subset([5, 0, 5], name: "few")
        #expect(chosen.name == "few")
        #expect(chosen.labels == [2, 0, 2])
        #expect(chosen.classNames == ["a", "b", "c"])
        #expect(chosen.shape == [1, 2, 2])
        let values = try chosen.minibatch(0..<3).features
        #expect(values == [20, 21, 22, 23, 0, 1, 2, 3, 20, 21, 22, 23])
    }

    @Test("A subset keeps name and normalisation, and numbers stay numbers")
    func subsetOfFloats() throws {
        let normalization = Normalization(scale: 2, mean: [1], standardDeviation: [4])
        let chosen = try make(normalization: normalization).subset([1])
        #expect(chosen.name == "mine")
        #expect(chosen.normalization == normalization)
        #expect(try chosen.minibatch([0]).features == [0.125, 0.25])
    }

    @Test("A subset of nothing, or of an example that is not there, is refused")
    func badSubset() throws {
        let dataset = try Self.sample()
        #expect(throws: DataError.self) { try dataset.subset([]) }
        #expect(throws: DataError.indexOutOfRange(dataset: "sample", index: -1, count: 6)) {
            try dataset.subset([0, -1])
        }
    }

    @Test("Splits with different shapes or classes are refused, and so is a single class")
    func splits() throws {
        let dataset = try Self.sample()
        let flat = try Self.sample(shape: [4])
        #expect {
            try DataSplits(train: dataset, test: flat)
        } throws: {
            "\($0)".contains("[1, 2, 2]") && "\($0)".contains("[4]")
        }
        let other = try make(classNames: ["x", "y"])
        #expect {
            try DataSplits(train: make(), test: other)
        } throws: {
            "\($0)".contains("different classes")
        }
        let single = try make(classNames: ["a"], labels: [0, 0])
        #expect {
            try DataSplits(train: single, test: single)
        } throws: {
            "\($0)".contains("one class only")
        }
        #expect(try DataSplits(train: dataset, test: dataset.subset([0])).test.count == 1)
    }
}
