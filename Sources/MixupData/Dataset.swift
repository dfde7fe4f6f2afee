/// Labelled examples of one shape, kept as they were read and normalised when they are taken out.
public struct Dataset: Sendable {
    /// The raw values of all examples, one after the other.
    public enum Features: Sendable {
        /// Values 0…255, as images have them.
        case bytes([UInt8])
        /// Any finite values.
        case floats([Float])

        var count: Int {
            switch self {
            case .bytes(let values): values.count
            case .floats(let values): values.count
            }
        }
    }

    /// What messages and logs call it, for example `mnist train`.
    public let name: String
    /// The shape of one example: `[channels, height, width]`, or `[columns]` for a table.
    public let shape: [Int]
    /// The classes' names, in the order of the labels.
    public let classNames: [String]
    /// The class of each example, `0..<classCount`.
    public let labels: [Int]
    /// The raw values, `count * featureCount` of them.
    public let features: Features
    /// What a minibatch's values go through; checked when one is taken.
    public var normalization: Normalization {
        didSet { normalizedBytes = Result { try makeNormalizedBytes() } }
    }
    /// The normalised value of every byte, [C, 256]; empty where there are none.
    private(set) var normalizedBytes: Result<[Float], any Error> = .success([])

    /// The number of examples.
    public var count: Int { labels.count }
    /// The number of classes.
    public var classCount: Int { classNames.count }
    /// The number of values of one example: the product of its shape.
    public var featureCount: Int { shape.reduce(1, *) }
    /// The number of channels that can be normalised differently: the shape's first dimension.
    var channelCount: Int { shape[0] }
    /// The number of values of one channel.
    var channelSize: Int { featureCount / channelCount }

    /// How many examples each class has.
    public var classCounts: [Int] {
        labels.reduce(into: [Int](repeating: 0, count: classCount)) { $0[$1] += 1 }
    }

    /// Creates a data set after checking that its parts fit together.
    ///
    /// - Throws: ``DataError/invalidDataset(name:reason:)`` where there is no example, a dimension
    ///   below 1, a label outside `0..<classNames.count`, a value that is not finite, or more or
    ///   fewer values than the labels and the shape ask for; also
    ///   ``DataError/invalidNormalization(dataset:reason:)``.
    public init(
        name: String,
        shape: [Int],
        classNames: [String],
        labels: [Int],
        features: Features,
        normalization: Normalization
    ) throws {
        func invalid(_ reason: String) -> DataError { .invalidDataset(name: name, reason: reason) }

        guard !labels.isEmpty else { throw invalid("it is empty; it needs at least one example") }
        guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
            throw invalid("the shape \(shape) is not possible; every dimension must be at least 1")
        }
        guard let valueCount = Self.product([labels.count] + shape) else {
            throw invalid("\(labels.count) examples of shape \(shape) are too many to count")
        }
        guard features.count == valueCount else {
            throw invalid(
                "\(labels.count) examples of shape \(shape) have \(valueCount) values, "
                    + "but there are \(features.count)"
            )
        }
        guard Set(classNames).count == classNames.count else {
            throw invalid("two classes have the same name")
        }
        if let index = labels.firstIndex(where: { !classNames.indices.contains($0) }) {
            throw invalid(
                "example \(index) has label \(labels[index]); "
                    + "labels of \(classNames.count) classes are 0 to \(classNames.count - 1)"
            )
        }
        if case .floats(let values) = features,
            let index = values.firstIndex(where: { !$0.isFinite })
        {
            throw invalid(
                "example \(index / (valueCount / labels.count)) holds the value \(values[index]); "
                    + "every value must be finite"
            )
        }
        self.name = name
        self.shape = shape
        self.classNames = classNames
        self.labels = labels
        self.features = features
        self.normalization = normalization
        normalizedBytes = .success(try makeNormalizedBytes())
    }

    /// The examples at `indices`, in that order, as a data set with the same classes.
    ///
    /// - Parameters:
    ///   - indices: at least one; an index may occur more than once.
    ///   - name: the new name; this data set's own where it is not given.
    /// - Throws: ``DataError/indexOutOfRange(dataset:index:count:)``, and
    ///   ``DataError/invalidDataset(name:reason:)`` where there are no indices.
    public func subset(_ indices: [Int], name: String? = nil) throws -> Dataset {
        try check(indices)
        let chosen: Features =
            switch features {
            case .bytes(let values): .bytes(rows(indices, of: values))
            case .floats(let values): .floats(rows(indices, of: values))
            }
        return try Dataset(
            name: name ?? self.name,
            shape: shape,
            classNames: classNames,
            labels: indices.map { labels[$0] },
            features: chosen,
            normalization: normalization
        )
    }

    /// What the normalisation does in each channel.
    func normalizationLines() throws -> [Normalization.Line] {
        try normalization.lines(channelCount: channelCount, dataset: name)
    }

    private func makeNormalizedBytes() throws -> [Float] {
        let lines = try normalizationLines()
        guard case .bytes = features else { return [] }
        return lines.flatMap { line in (0..<256).map { line(Double($0)) } }
    }

    /// Throws at the first index that is no example's.
    func check(_ indices: [Int]) throws {
        for index in indices where index < 0 || index >= count {
            throw DataError.indexOutOfRange(dataset: name, index: index, count: count)
        }
    }

    private func rows<Value>(_ indices: [Int], of values: [Value]) -> [Value] {
        let featureCount = featureCount
        var chosen: [Value] = []
        chosen.reserveCapacity(indices.count * featureCount)
        for index in indices {
            chosen += values[index * featureCount..<(index + 1) * featureCount]
        }
        return chosen
    }

    /// The product of the factors, or nothing where an `Int` cannot hold it.
    static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            product = next
        }
        return product
    }
}
