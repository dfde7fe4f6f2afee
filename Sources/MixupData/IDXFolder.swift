import Foundation

/// A folder with the four files that MNIST and its relatives come in.
struct IDXFolder {
    /// The folder, as the user wrote it.
    let path: String

    private enum Part: String, CaseIterable {
        case trainImages = "train-images"
        case trainLabels = "train-labels"
        case testImages = "t10k-images"
        case testLabels = "t10k-labels"

        /// Images have three dimensions, labels one.
        var rank: Int { self == .trainImages || self == .testImages ? 3 : 1 }

        /// The ways in which the file's name is written.
        var names: [String] {
            ["-", "."].flatMap { mark in
                ["", ".gz"].map { "\(rawValue)\(mark)idx\(rank)-ubyte\($0)" }
            }
        }
    }

    /// The ways in which the names of the four files are written.
    static var fileNames: [[String]] { Part.allCases.map(\.names) }

    /// Whether any of the four files is there.
    var hasFiles: Bool { Part.allCases.contains { file($0) != nil } }

    /// Reads the four files.
    ///
    /// - Parameters:
    ///   - name: what the data set is called.
    ///   - classCount: the number of classes; the largest training label decides where it is not
    ///     given.
    ///   - normalization: measured on the training images where it is not given.
    func load(
        name: String,
        classCount: Int? = nil,
        normalization: Normalization? = nil
    ) throws -> DataSplits {
        let missing = Part.allCases.filter { file($0) == nil }
        guard missing.isEmpty else {
            throw DataError.unreadableFile(
                path: path,
                reason: "the folder lacks "
                    + missing.map { "\($0.names[0]) (or .gz)" }.joined(separator: ", ")
                    + "; add it, or give another folder"
            )
        }
        let trainLabels = try labels(.trainLabels, classCount: classCount)
        let classCount = classCount ?? (trainLabels.max() ?? 0) + 1
        let testLabels = try labels(.testLabels, classCount: classCount)
        var train = try dataset(.trainImages, trainLabels, classCount, "\(name) train")
        var test = try dataset(.testImages, testLabels, classCount, "\(name) test")
        train.normalization = normalization ?? train.measuredNormalization(scale: 255)
        test.normalization = train.normalization
        return try DataSplits(train: train, test: test)
    }

    private func labels(_ part: Part, classCount: Int?) throws -> [Int] {
        let (labels, file) = try read(part)
        if let classCount, let index = labels.elements.firstIndex(where: { $0 >= classCount }) {
            throw DataError.invalidFile(
                path: file,
                reason: "label \(labels.elements[index]) at position \(index) is out of range; "
                    + "the \(classCount) classes are 0 to \(classCount - 1)"
            )
        }
        return labels.elements.map { Int($0) }
    }

    private func dataset(
        _ part: Part,
        _ labels: [Int],
        _ classCount: Int,
        _ name: String
    ) throws -> Dataset {
        let (images, file) = try read(part)
        guard images.dimensions[0] == labels.count else {
            throw DataError.invalidFile(
                path: file,
                reason: "there are \(images.dimensions[0]) images and \(labels.count) labels; "
                    + "get both files from the same place"
            )
        }
        return try Dataset(
            name: name,
            shape: [1] + images.dimensions.dropFirst(),
            classNames: (0..<classCount).map { String($0) },
            labels: labels,
            features: .bytes(images.elements),
            normalization: Normalization(scale: 255)
        )
    }

    private func read(_ part: Part) throws -> (content: IDXFile, path: String) {
        let file = file(part) ?? joined(part.names[0])
        return (try IDXFile(path: file, rank: part.rank), file)
    }

    private func file(_ part: Part) -> String? {
        part.names.map(joined).first { FileBytes.kind(of: $0) == .typeRegular }
    }

    private func joined(_ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }
}
