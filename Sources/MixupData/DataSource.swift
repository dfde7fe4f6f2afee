import Foundation

/// Finds and loads the data that a user names on the command line or in a recipe.
public enum DataSource {
    /// What can be named, for messages and help.
    public static let known =
        "digits (bundled), mnist, cifar-10, cifar-100, svhn, tiny-imagenet, "
        + "a folder with the four IDX files that MNIST has, a folder of class folders of images, "
        + "TRAIN.csv TEST.csv, and one TABLE.csv with the label in the last column, "
        + "or the same as .safetensors with features and labels"

    /// Loads what `names` stand for.
    ///
    /// - `digits`: the bundled UCI digits, see ``Digits``.
    /// - `mnist`: from `dataDirectory`, the folder that the environment variable
    ///   `MANIFOLD_MIXUP_DATA` names, or `./data`; in each the folder itself, `mnist` and
    ///   `MNIST/raw` are looked at.
    /// - `cifar-10`, `cifar-100`: the binary version, in the same folders, in one of these below
    ///   them, or in an archive (`cifar-10-binary.tar.gz`, `.tar.xz`, `.zip`), which is unpacked
    ///   once into the user's cache; see ``DataNotice``.
    /// - a folder: the four IDX files in MNIST's names, any size of image and number of classes,
    ///   normalised by the training images' mean and standard deviation.
    /// - `svhn`, and `tiny-imagenet` (`tiny-imagenet-200.zip` or unpacked): from the same places; or
    ///   their own folder.
    /// - any other folder of folders: images, PNG or JPEG, each class in a folder of its own,
    ///   either below `train` and `test` (or `val`) or divided here as one table is.
    /// - two tables: the training and the test part; one table: a quarter of every class is set
    ///   aside for testing. Columns are standardised by the training part. Tables are CSV files,
    ///   or `.safetensors` files with the tensors `features` and `labels`.
    ///
    /// Files packed by gzip are unpacked on the way.
    ///
    /// - Parameters:
    ///   - names: the words after `--data`.
    ///   - dataDirectory: where named data sets are looked for first.
    /// - Throws: ``DataError``.
    public static func load(_ names: [String], dataDirectory: String?) throws -> DataSplits {
        try load(
            names,
            dataDirectory: dataDirectory,
            environment: ProcessInfo.processInfo.environment
        )
    }

    static func load(
        _ names: [String],
        dataDirectory: String?,
        environment: [String: String],
        defaultDirectory: String = "./data"
    ) throws -> DataSplits {
        guard let name = names.first, !name.isEmpty else {
            throw DataError.unknownSource(reason: "no data set is named")
        }
        guard names.count == 1 else { return try loadTables(names) }
        let roots = DataRoots(
            option: dataDirectory,
            environment: environment,
            default: defaultDirectory
        )
        switch name {
        case "digits": return try Digits.load()
        case "mnist": return try MNIST.load(roots: roots)
        case "cifar-10": return try CIFAR.ten.load(roots: roots)
        case "cifar-100": return try CIFAR.hundred.load(roots: roots)
        case "svhn": return try SVHN.load(roots: roots)
        case "tiny-imagenet": return try TinyImageNet.load(roots: roots)
        default:
            break
        }
        switch FileBytes.kind(of: name) {
        case .typeDirectory?:
            let folder = URL(fileURLWithPath: name).standardizedFileURL.lastPathComponent
            let idx = IDXFolder(path: name)
            if idx.hasFiles { return try idx.load(name: folder) }
            if SVHN.isOne(name) { return try SVHN.load(folder: name) }
            if TinyImageNet.isOne(name) { return try TinyImageNet.load(folder: name) }
            if ImageFolder.isOne(name) { return try ImageFolder.load(folder: name) }
            return try idx.load(name: folder)
        case nil:
            throw DataError.unknownSource(
                reason: "'\(name)' is neither a data set's name nor a file or folder"
            )
        default:
            if SafetensorsTable.isOne(name) { return try SafetensorsTable.load(name) }
            return try TableSource.load(name)
        }
    }

    private static func loadTables(_ names: [String]) throws -> DataSplits {
        guard names.count == 2 else {
            throw DataError.unknownSource(reason: "\(names.count) data sets are named")
        }
        for name in names where FileBytes.kind(of: name) != .typeRegular {
            throw DataError.unknownSource(
                reason: "'\(name)' is not a file, and two names must be a training and a test table"
            )
        }
        if names.contains(where: SafetensorsTable.isOne) {
            return try SafetensorsTable.load(train: names[0], test: names[1])
        }
        return try TableSource.load(train: names[0], test: names[1])
    }
}
