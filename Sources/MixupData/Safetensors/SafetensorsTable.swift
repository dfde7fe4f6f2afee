import Foundation

/// Loads tables and images from safetensors files, the shortest way from Python.
///
/// A file has the tensor `features`, [N, …] of float32, float64 or uint8, and `labels`, [N] of
/// int64, int32 or uint8. An example has the features' shape without N; [N, C, H, W] are images.
/// The classes are the numbers that occur in the training labels, in ascending order.
struct SafetensorsTable {
    /// The file, as the user wrote it.
    let path: String

    private let shape: [Int]
    private let features: Dataset.Features
    private let labels: [Int]

    /// Whether a path looks like one, by its name.
    static func isOne(_ path: String) -> Bool { path.lowercased().hasSuffix(".safetensors") }

    /// Loads a training and a test file, normalised by the training part's mean and standard
    /// deviation of each column or channel.
    ///
    /// - Throws: ``DataError``, naming the file.
    static func load(train trainPath: String, test testPath: String) throws -> DataSplits {
        let train = try Self(path: trainPath)
        let test = try Self(path: testPath)
        guard train.shape == test.shape else {
            throw DataError.invalidFile(
                path: testPath,
                reason: "an example has the shape \(test.shape); in \(trainPath) it is "
                    + "\(train.shape)"
            )
        }
        let classes = Set(train.labels).sorted()
        return try normalised(
            train: train.dataset(classes, name: FolderListing.name(of: trainPath)),
            test: test.dataset(classes, name: FolderListing.name(of: testPath))
        )
    }

    /// Loads one file and sets a quarter of every class aside for testing, always the same.
    ///
    /// - Throws: ``DataError``, naming the file.
    static func load(_ path: String) throws -> DataSplits {
        let table = try Self(path: path)
        let name = FolderListing.name(of: path)
        let whole = try table.dataset(Set(table.labels).sorted(), name: name)
        for (label, count) in whole.classCounts.enumerated() where count < 2 {
            throw DataError.invalidFile(
                path: path,
                reason: "class \(whole.classNames[label]) has a single example; add some, or give "
                    + "a training and a test file"
            )
        }
        let parts = try StratifiedSplit.indices(labels: whole.labels, testFraction: 0.25, seed: 0)
        return try normalised(
            train: whole.subset(parts.train, name: "\(name) train"),
            test: whole.subset(parts.test, name: "\(name) test")
        )
    }

    private init(path: String) throws {
        let file = try SafetensorsContainer(path: path)
        let features = try file.tensor("features", types: ["F32": 4, "F64": 8, "U8": 1])
        let labels = try file.tensor("labels", types: ["I64": 8, "I32": 4, "U8": 1])
        guard features.shape.count > 1, !features.shape.contains(0) else {
            throw DataError.invalidFile(
                path: path,
                reason: "'features' has the shape \(features.shape); it must be [N, columns] or "
                    + "[N, channels, height, width]"
            )
        }
        guard labels.shape == [features.shape[0]] else {
            throw DataError.invalidFile(
                path: path,
                reason: "'labels' has the shape \(labels.shape); with these features it must be "
                    + "\([features.shape[0]])"
            )
        }
        self.path = path
        self.shape = Array(features.shape.dropFirst())
        self.features = try Self.features(features, path: path)
        self.labels =
            switch labels.type {
            case "I64": labels.elements(Int64.self).map { Int($0) }
            case "I32": labels.elements(Int32.self).map { Int($0) }
            default: labels.bytes.map { Int($0) }
            }
    }

    private static func features(
        _ tensor: SafetensorsContainer.Tensor,
        path: String
    ) throws -> Dataset.Features {
        let values: [Float]
        switch tensor.type {
        case "F32": values = tensor.elements(UInt32.self).map { Float(bitPattern: $0) }
        case "F64": values = tensor.elements(UInt64.self).map { Float(Double(bitPattern: $0)) }
        default: return .bytes(Array(tensor.bytes))
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw DataError.invalidFile(
                path: path,
                reason: "'features' holds \(values[index]) in example "
                    + "\(index / (values.count / tensor.shape[0])); every value must be finite"
            )
        }
        return .floats(values)
    }

    private func dataset(_ classes: [Int], name: String) throws -> Dataset {
        let indices = Dictionary(
            zip(classes, classes.indices),
            uniquingKeysWith: { first, _ in first }
        )
        let known = try labels.enumerated().map { example, label in
            guard let index = indices[label] else {
                throw DataError.invalidFile(
                    path: path,
                    reason: "example \(example) has the label \(label), which no training example "
                        + "has"
                )
            }
            return index
        }
        return try Dataset(
            name: name,
            shape: shape,
            classNames: classes.map { String($0) },
            labels: known,
            features: features,
            normalization: Normalization(scale: scale)
        )
    }

    private var scale: Double {
        if case .bytes = features { 255 } else { 1 }
    }

    private static func normalised(train: Dataset, test: Dataset) throws -> DataSplits {
        var (train, test) = (train, test)
        train.normalization = train.measuredNormalization(scale: train.normalization.scale)
        test.normalization = train.normalization
        return try DataSplits(train: train, test: test)
    }
}
