import Foundation

/// SVHN, cropped digits: 73,257 + 26,032 colour images of 32 × 32 pixels of house numbers (Netzer
/// et al. 2011).
enum SVHN {
    /// Maps the bytes 0 and 255 to -1 and 1, as the authors' code does.
    static let normalization = Normalization(
        scale: 255,
        mean: [127.5 / 255],
        standardDeviation: [127.5 / 255]
    )

    private static let (trainFile, testFile) = ("train_32x32.mat", "test_32x32.mat")
    private static let side = 32

    /// Where its files may lie.
    static let places = DataPlaces(
        dataset: "svhn",
        files: [[trainFile], [testFile]],
        folders: ["", "svhn", "SVHN"]
    )

    /// Loads the first of the places that has both files; see ``load(folder:)``.
    static func load(roots: DataRoots) throws -> DataSplits {
        try DataLibrary.matio.require(for: "svhn")
        return try load(folder: places.folder(in: roots))
    }

    /// Whether a folder holds SVHN's files.
    static func isOne(_ folder: String) -> Bool {
        FileBytes.kind(of: FolderListing.path(folder, trainFile)) == .typeRegular
    }

    /// Loads `train_32x32.mat` and `test_32x32.mat`.
    ///
    /// - Throws: ``DataError``, naming the file.
    static func load(folder: String) throws -> DataSplits {
        try DataLibrary.matio.require(for: "svhn")
        return try DataSplits(
            train: part(FolderListing.path(folder, trainFile), name: "svhn train"),
            test: part(FolderListing.path(folder, testFile), name: "svhn test")
        )
    }

    /// One file: `X`, bytes [32, 32, 3, N], and `y`, [N, 1], in which 10 stands for the digit 0.
    private static func part(_ path: String, name: String) throws -> Dataset {
        func invalid(_ reason: String) -> DataError { .invalidFile(path: path, reason: reason) }

        let file = try MATFile(path: path)
        let labels = try file.variable("y").wholeNumbers()
        for (position, label) in labels.enumerated() where !(1...10).contains(label) {
            throw invalid(
                "the label at position \(position) is \(label); labels are 1 to 10, 10 for digit 0"
            )
        }
        let images = try file.variable("X")
        guard images.dimensions == [side, side, 3, labels.count] else {
            throw invalid(
                "X has the dimensions \(images.dimensions); with \(labels.count) labels in y they "
                    + "must be \([side, side, 3, labels.count])"
            )
        }
        guard case .bytes(let columns) = images.elements else {
            throw invalid("X holds \(images.elements.kind); it must hold uint8")
        }
        return try Dataset(
            name: name,
            shape: [3, side, side],
            classNames: (0..<10).map { String($0) },
            labels: labels.map { $0 % 10 },
            features: .bytes(rows(ofColumns: columns)),
            normalization: normalization
        )
    }

    /// MATLAB stores an image column by column; the channels and the images are in order already.
    private static func rows(ofColumns columns: [UInt8]) throws -> [UInt8] {
        let plane = side * side
        var rows = [UInt8](repeating: 0, count: columns.count)
        try rows.withUnsafeMutableBufferPointer { rows in
            try columns.withUnsafeBufferPointer { columns in
                try Parallel.forEach(columns.count / plane) { image in
                    for row in 0..<side {
                        for column in 0..<side {
                            rows[image * plane + row * side + column] =
                                columns[image * plane + column * side + row]
                        }
                    }
                }
            }
        }
        return rows
    }
}
