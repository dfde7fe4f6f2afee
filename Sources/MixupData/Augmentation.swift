/// Random changes of training images: a horizontal flip, then a padded crop, then Cutout.
///
/// The order is that of the paper's code, where flip and crop come before the normalisation. What
/// each image goes through is decided by an ``EpochAugmentation``.
public struct Augmentation: Sendable, Equatable {
    /// Whether every second image, on average, is mirrored left to right.
    public var flip: Bool
    /// The pixels of value 0 that are put around an image before a window of its own size is cut
    /// out, each of the `(2 × cropPadding + 1)²` places equally likely; 0 for no crop.
    ///
    /// The authors' code has 2 for 32 × 32 pixels, most others have 4.
    public var cropPadding: Int
    /// The side in pixels of the square that is blotted out, 0 for none.
    ///
    /// Its centre is any pixel of the image, so a part of the square may lie outside. Its values
    /// are 0 after the normalisation, which is the mean (DeVries and Taylor, "Improved
    /// regularization of convolutional neural networks with Cutout", 2017).
    public var cutout: Int

    /// Creates an augmentation; it is checked against a data set by ``check(for:)``.
    public init(flip: Bool = false, cropPadding: Int = 0, cutout: Int = 0) {
        self.flip = flip
        self.cropPadding = cropPadding
        self.cutout = cutout
    }

    /// Whether every image stays as it is.
    public var isIdentity: Bool { self == Augmentation() }

    /// Makes sure that the images of a data set can be changed so.
    ///
    /// - Parameter dataset: the examples; without any change, they need not be images.
    /// - Throws: ``DataError/invalidAugmentation(dataset:reason:)`` where an example is not an image
    ///   `[channels, height, width]` of bytes, or a size does not fit it.
    public func check(for dataset: Dataset) throws {
        guard !isIdentity else { return }
        func require(_ condition: Bool, _ reason: String) throws {
            guard condition else {
                throw DataError.invalidAugmentation(dataset: dataset.name, reason: reason)
            }
        }
        guard case .bytes = dataset.features, dataset.shape.count == 3 else {
            throw DataError.invalidAugmentation(
                dataset: dataset.name,
                reason: "an example of shape \(dataset.shape) is not an image of bytes; turn flip, "
                    + "crop-padding and cutout off"
            )
        }
        let side = min(dataset.shape[1], dataset.shape[2])
        let size = "\(dataset.shape[1]) × \(dataset.shape[2])"
        try require(
            (0..<side).contains(cropPadding),
            "crop-padding is \(cropPadding); images of \(size) take 0 to \(side - 1)"
        )
        try require(
            (0...side).contains(cutout),
            "cutout is \(cutout); images of \(size) take 0 to \(side)"
        )
    }
}
