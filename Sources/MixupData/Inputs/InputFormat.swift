/// What one example is to a network: its shape, and how its raw values become the network's input.
public struct InputFormat: Sendable, Equatable {
    /// The shape of one example: `[channels, height, width]`, or `[columns]` for a table.
    public let shape: [Int]
    /// What raw values go through.
    public let normalization: Normalization
    /// Whether raw values are pixels from 0 to the normalisation's scale, so that an image file can
    /// be brought to them.
    public let hasPixels: Bool

    /// The number of values of one example: the product of its shape.
    public var featureCount: Int { shape.reduce(1, *) }

    /// Puts the parts together after checking them.
    ///
    /// - Throws: ``DataError/invalidDataset(name:reason:)`` for a shape that no example has, and
    ///   ``DataError/invalidNormalization(dataset:reason:)``; `name` is what they call the example.
    public init(
        shape: [Int],
        normalization: Normalization,
        hasPixels: Bool,
        name: String = "input"
    ) throws {
        guard let channelCount = shape.first, shape.allSatisfy({ $0 > 0 }),
            let size = Dataset.product(shape), size <= FileBytes.limit
        else {
            throw DataError.invalidDataset(
                name: name,
                reason: "the shape \(shape) is not possible; every dimension must be at least 1"
            )
        }
        _ = try normalization.lines(channelCount: channelCount, dataset: name)
        self.shape = shape
        self.normalization = normalization
        self.hasPixels = hasPixels
    }
}

extension InputFormat: Codable {
    enum CodingKeys: String, CodingKey {
        case shape, normalization
        case hasPixels = "pixels"
    }

    /// Reads and checks a format.
    ///
    /// - Throws: `DecodingError`, or ``DataError`` as ``init(shape:normalization:hasPixels:name:)``.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            shape: container.decode([Int].self, forKey: .shape),
            normalization: container.decode(Normalization.self, forKey: .normalization),
            hasPixels: container.decode(Bool.self, forKey: .hasPixels)
        )
    }
}

extension Dataset {
    /// What one example of this data set is to a network.
    public var inputFormat: InputFormat {
        get throws {
            var hasPixels = false
            if case .bytes = features, shape.count == 3, [1, 3].contains(shape[0]) {
                hasPixels = true
            }
            return try InputFormat(
                shape: shape,
                normalization: normalization,
                hasPixels: hasPixels,
                name: name
            )
        }
    }
}
