/// MNIST: 60,000 + 10,000 handwritten digits of 28 × 28 pixels (LeCun, Cortes and Burges).
enum MNIST {
    /// Mean and standard deviation of the training part's pixels, as everybody rounds them.
    static let normalization = Normalization(
        scale: 255,
        mean: [0.1307],
        standardDeviation: [0.3081]
    )

    /// Loads the four files from the first place that has any of them.
    ///
    /// - Parameter roots: the folders to look in, most wanted first; each itself and where the
    ///   usual tools put MNIST below it.
    static func load(roots: DataRoots) throws -> DataSplits {
        let places = roots.paths.flatMap { [$0, "\($0)/mnist", "\($0)/MNIST/raw"] }
        guard let folder = places.map({ IDXFolder(path: $0) }).first(where: \.hasFiles) else {
            throw DataError.notFound(
                dataset: "mnist",
                tried: places,
                cure: "put train-images-idx3-ubyte and its three companions (.gz or not) into one "
                    + "of them, or set \(DataRoots.variable) to their folder"
            )
        }
        return try folder.load(name: "mnist", classCount: 10, normalization: normalization)
    }
}
