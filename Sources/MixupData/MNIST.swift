/// MNIST: 60,000 + 10,000 handwritten digits of 28 × 28 pixels (LeCun, Cortes and Burges).
enum MNIST {
    /// Mean and standard deviation of the training part's pixels, as everybody rounds them.
    static let normalization = Normalization(
        scale: 255,
        mean: [0.1307],
        standardDeviation: [0.3081]
    )

    /// Where the usual tools put its files.
    static let places = DataPlaces(
        dataset: "mnist",
        files: IDXFolder.fileNames,
        folders: ["", "mnist", "MNIST/raw"]
    )

    /// Loads the four files from the first place that has any of them.
    static func load(roots: DataRoots) throws -> DataSplits {
        guard let folder = places.find(in: roots) else { throw places.notFound(in: roots) }
        return try IDXFolder(path: folder.path)
            .load(name: "mnist", classCount: 10, normalization: normalization)
    }
}
