import Foundation

/// CIFAR-10 and CIFAR-100: 50,000 + 10,000 colour images of 32 × 32 pixels.
///
/// A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; read from the
/// binary version.
struct CIFAR {
    /// What it is called.
    let name: String
    /// The folder that the publisher's archive makes.
    let folder: String
    /// The files with the training images, in order.
    let trainFiles: [String]
    /// The file with the test images.
    let testFile: String
    /// The text file with the classes' names, which may be missing.
    let namesFile: String
    /// The classes' names where that file is missing.
    let classNames: [String]
    /// The number of classes of each label of a row; the last label is learnt.
    let classCounts: [Int]
    /// Mean and standard deviation as the paper's authors have them.
    let normalization: Normalization

    /// CIFAR-10: ten classes.
    static let ten = CIFAR(
        name: "cifar-10",
        folder: "cifar-10-batches-bin",
        trainFiles: (1...5).map { "data_batch_\($0).bin" },
        testFile: "test_batch.bin",
        namesFile: "batches.meta.txt",
        classNames: tenClassNames,
        classCounts: [10],
        normalization: normalization(mean: [125.3, 123.0, 113.9], deviation: [63.0, 62.1, 66.7])
    )

    /// CIFAR-100: a hundred classes, the fine ones.
    static let hundred = CIFAR(
        name: "cifar-100",
        folder: "cifar-100-binary",
        trainFiles: ["train.bin"],
        testFile: "test.bin",
        namesFile: "fine_label_names.txt",
        classNames: hundredClassNames,
        classCounts: [20, 100],
        normalization: normalization(mean: [129.3, 124.1, 112.4], deviation: [68.2, 65.4, 70.4])
    )

    /// Where its files may lie: as the publisher's archive makes them, and one folder deeper.
    var places: DataPlaces {
        DataPlaces(
            dataset: name,
            files: (trainFiles + [testFile]).map { [$0] },
            folders: ["", name, folder, "\(name)/\(folder)"],
            archives: ["tar.gz", "tar.xz", "zip"].map { "\(name)-binary.\($0)" }
        )
    }

    /// Loads the data set from the first place that has it.
    func load(roots: DataRoots) throws -> DataSplits {
        try load(folder: places.folder(in: roots))
    }

    /// Loads the data set from the folder that holds its files.
    func load(folder: String) throws -> DataSplits {
        let classNames = try readClassNames(folder) ?? classNames
        func dataset(_ part: String, _ files: [String]) throws -> Dataset {
            var rows = CIFARRows()
            for file in files {
                try rows.append(path: "\(folder)/\(file)", classCounts: classCounts)
            }
            return try Dataset(
                name: "\(name) \(part)",
                shape: CIFARRows.shape,
                classNames: classNames,
                labels: rows.labels,
                features: .bytes(rows.pixels),
                normalization: normalization
            )
        }
        return try DataSplits(
            train: dataset("train", trainFiles),
            test: dataset("test", [testFile])
        )
    }

    /// The names, one a line, or nil where there is no such file.
    private func readClassNames(_ folder: String) throws -> [String]? {
        let path = "\(folder)/\(namesFile)"
        guard FileBytes.kind(of: path) != nil else { return nil }
        let text = String(decoding: try FileBytes.read(path, limit: 1 << 20), as: UTF8.self)
        let names = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        guard names.count == classNames.count, Set(names).count == names.count else {
            throw DataError.invalidFile(
                path: path,
                reason: "\(classNames.count) different names are needed, one a line; "
                    + "correct the file or remove it"
            )
        }
        return names
    }

    private static func normalization(mean: [Double], deviation: [Double]) -> Normalization {
        Normalization(
            scale: 255,
            mean: mean.map { $0 / 255 },
            standardDeviation: deviation.map { $0 / 255 }
        )
    }
}
