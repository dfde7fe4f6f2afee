import Foundation

/// Loads any folder of class folders of images.
///
/// Either `train/CLASS/*` and `test/CLASS/*` (or `val`, where there is no `test`), or `CLASS/*`, of
/// which a quarter of every class is set aside for testing. Images are JPEG or PNG files of one
/// size. If all of them are grey, they have one channel, otherwise three.
enum ImageFolder {
    /// Whether a folder looks like one: it has folders that are not hidden.
    static func isOne(_ folder: String) -> Bool {
        let names = (try? FolderListing.names(in: folder)) ?? []
        return names.contains {
            FileBytes.kind(of: FolderListing.path(folder, $0)) == .typeDirectory
        }
    }

    /// Loads a folder, normalised by the training images' mean and standard deviation of a channel.
    ///
    /// Classes are sorted by name, and images within a class. Hidden files are skipped.
    ///
    /// - Throws: ``DataError``, naming the file, for anything among the images that is none, an
    ///   image of another size, and a class without images; and where the parts' classes differ.
    static func load(folder: String) throws -> DataSplits {
        let parts = ["train", "test", "val"].filter {
            FileBytes.kind(of: FolderListing.path(folder, $0)) == .typeDirectory
        }
        guard parts.first == "train" else { return try loadUndivided(folder) }
        guard parts.count > 1 else {
            throw DataError.unreadableFile(
                path: folder,
                reason: "there is train but neither test nor val; add one of them"
            )
        }
        let train = try ClassFolders(path: FolderListing.path(folder, "train"))
        let test = try ClassFolders(path: FolderListing.path(folder, parts[1]))
        try test.check(sameClassesAs: train)
        let shape = try commonShape(train.images.paths + test.images.paths)
        let name = FolderListing.name(of: folder)
        return try normalised(
            train: dataset(train, shape: shape, name: "\(name) train"),
            test: dataset(test, shape: shape, name: "\(name) test")
        )
    }

    private static func loadUndivided(_ folder: String) throws -> DataSplits {
        let classes = try ClassFolders(path: folder)
        let name = FolderListing.name(of: folder)
        let shape = try commonShape(classes.images.paths)
        let whole = try dataset(classes, shape: shape, name: name)
        for (label, count) in whole.classCounts.enumerated() where count < 2 {
            throw DataError.invalidFile(
                path: FolderListing.path(folder, whole.classNames[label]),
                reason: "the class has a single image; add images, or divide them into train and "
                    + "test yourself"
            )
        }
        let parts = try StratifiedSplit.indices(labels: whole.labels, testFraction: 0.25, seed: 0)
        return try normalised(
            train: whole.subset(parts.train, name: "\(name) train"),
            test: whole.subset(parts.test, name: "\(name) test")
        )
    }

    /// The shape that all images have: `[1 or 3, height, width]`.
    private static func commonShape(_ paths: [String]) throws -> [Int] {
        let headers = try ImageFiles(paths: paths).headers()
        guard let first = headers.first else { return [] }
        for (path, header) in zip(paths, headers)
        where (header.width, header.height) != (first.width, first.height) {
            throw DataError.invalidFile(
                path: path,
                reason: "the image is \(header.size) and \(paths[0]) is \(first.size); "
                    + "bring all images to one size"
            )
        }
        return [headers.allSatisfy(\.isGrey) ? 1 : 3, first.height, first.width]
    }

    private static func dataset(
        _ classes: ClassFolders,
        shape: [Int],
        name: String
    ) throws -> Dataset {
        try Dataset(
            name: name,
            shape: shape,
            classNames: classes.names,
            labels: classes.labels,
            features: .bytes(classes.images.pixels(shape: shape, because: "like the first image")),
            normalization: Normalization(scale: 255)
        )
    }

    private static func normalised(train: Dataset, test: Dataset) throws -> DataSplits {
        var (train, test) = (train, test)
        train.normalization = train.measuredNormalization(scale: 255)
        test.normalization = train.normalization
        return try DataSplits(train: train, test: test)
    }
}
