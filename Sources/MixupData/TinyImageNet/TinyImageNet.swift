import Foundation

/// Tiny-ImageNet-200: 100,000 + 10,000 colour images of 64 × 64 pixels in 200 classes (Stanford's
/// course CS231n).
///
/// The test part is `val`, because the labels of the true test part were never published; so did
/// the paper. Grey images, of which there are some, get three equal channels.
enum TinyImageNet {
    /// Maps the bytes 0 and 255 to -1 and 1, as the authors' code does.
    static let normalization = Normalization(
        scale: 255,
        mean: [127.5 / 255],
        standardDeviation: [127.5 / 255]
    )

    private static let shape = [3, 64, 64]

    /// Where its files may lie: as the publisher's archive makes them, and one folder deeper.
    static let places = DataPlaces(
        dataset: "tiny-imagenet",
        files: [["wnids.txt"], ["val/val_annotations.txt"]],
        folders: ["", "tiny-imagenet", "tiny-imagenet-200", "tiny-imagenet/tiny-imagenet-200"],
        archives: ["tiny-imagenet-200.zip"]
    )

    /// Loads the first of the places that has it, unpacked or not; see ``load(folder:)``.
    static func load(roots: DataRoots) throws -> DataSplits {
        try DataLibrary.turbojpeg.require(for: "tiny-imagenet")
        return try load(folder: places.folder(in: roots))
    }

    /// Whether a folder is an unpacked Tiny-ImageNet-200.
    static func isOne(_ folder: String) -> Bool {
        FileBytes.kind(of: FolderListing.path(folder, "wnids.txt")) == .typeRegular
    }

    /// Loads the unpacked folder: `wnids.txt`, `words.txt`, `train` and `val`.
    ///
    /// Classes are sorted by their WordNet numbers, which `words.txt`, if it is there, replaces by
    /// words.
    ///
    /// - Throws: ``DataError``, naming the file and, in a text, the line.
    static func load(folder: String) throws -> DataSplits {
        try DataLibrary.turbojpeg.require(for: "tiny-imagenet")
        let listing = FolderListing.path(folder, "wnids.txt")
        let ids = try TextLines.read(listing).map(\.text).sorted()
        guard !ids.isEmpty, Set(ids).count == ids.count else {
            throw DataError.invalidFile(
                path: listing,
                reason: "the file is empty or names a class twice; get it again"
            )
        }
        let classNames = try names(of: ids, folder: folder)
        let train = try ClassFolders(path: FolderListing.path(folder, "train"), below: "images")
        guard train.names == ids else {
            let wrong = Set(ids).symmetricDifference(train.names).min() ?? ""
            throw DataError.invalidFile(
                path: train.path,
                reason: "the class '\(wrong)' is in only one of this folder and \(listing); "
                    + "get both again"
            )
        }
        let test = try Annotations(folder: FolderListing.path(folder, "val"), ids: ids)
        return try DataSplits(
            train: dataset(train.images, train.labels, classNames, "tiny-imagenet train"),
            test: dataset(test.images, test.labels, classNames, "tiny-imagenet test")
        )
    }

    private static func dataset(
        _ images: ImageFiles,
        _ labels: [Int],
        _ classNames: [String],
        _ name: String
    ) throws -> Dataset {
        try Dataset(
            name: name,
            shape: shape,
            classNames: classNames,
            labels: labels,
            features: .bytes(images.pixels(shape: shape, because: "as in all of this data set")),
            normalization: normalization
        )
    }

    /// The words for each class; the number stays where there is no word or not a word of its own.
    private static func names(of ids: [String], folder: String) throws -> [String] {
        let path = FolderListing.path(folder, "words.txt")
        guard FileBytes.kind(of: path) != nil else { return ids }
        var words: [String: String] = [:]
        for line in try TextLines.read(path) {
            let fields = line.text.split(separator: "\t", maxSplits: 1)
            guard fields.count == 2 else {
                throw line.invalid("there must be a number, a tabulator, and words", path)
            }
            words[String(fields[0])] = String(fields[1])
        }
        let names = ids.map { words[$0] ?? $0 }
        let counts = names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return zip(ids, names).map { id, name in counts[name] == 1 ? name : id }
    }
}

/// The images of `val` and the file that tells their classes.
private struct Annotations {
    let images: ImageFiles
    let labels: [Int]

    init(folder: String, ids: [String]) throws {
        let path = FolderListing.path(folder, "val_annotations.txt")
        let labelOfID = Dictionary(zip(ids, ids.indices), uniquingKeysWith: { first, _ in first })
        var labelOfFile: [String: Int] = [:]
        for line in try TextLines.read(path) {
            let fields = line.text.split(separator: "\t")
            guard fields.count >= 2 else {
                throw line.invalid("there must be a file's name, a tabulator, and a class", path)
            }
            guard let label = labelOfID[String(fields[1])] else {
                throw line.invalid("the class '\(fields[1])' is not in wnids.txt", path)
            }
            guard labelOfFile.updateValue(label, forKey: String(fields[0])) == nil else {
                throw line.invalid("the image '\(fields[0])' is there twice", path)
            }
        }
        let imageFolder = FolderListing.path(folder, "images")
        let files = try FolderListing.names(in: imageFolder)
        labels = try files.map { file in
            guard let label = labelOfFile[file] else {
                throw DataError.invalidFile(
                    path: path,
                    reason: "there is no line for \(file), which lies in images; get it again"
                )
            }
            return label
        }
        if let missing = Set(labelOfFile.keys).subtracting(files).min() {
            throw DataError.unreadableFile(
                path: FolderListing.path(imageFolder, missing),
                reason: "there is no such file, but val_annotations.txt names it; get it again"
            )
        }
        images = ImageFiles(paths: files.map { FolderListing.path(imageFolder, $0) })
    }
}
