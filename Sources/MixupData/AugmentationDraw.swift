/// The random changes of one epoch's images.
///
/// What an image goes through depends on the key, the epoch, the example and its part in the
/// minibatch alone. It therefore does not matter which minibatch an image is in, who prepares it
/// and when, and there is no state to save.
public struct EpochAugmentation: Sendable {
    /// What can happen to an image.
    public let augmentation: Augmentation
    private let seed: SplitMix64

    /// Fixes what happens in one epoch.
    ///
    /// - Parameters:
    ///   - augmentation: what can happen to an image.
    ///   - key: decides everything random, the same for a whole training.
    ///   - epoch: the number of the epoch.
    public init(_ augmentation: Augmentation, key: UInt64, epoch: Int) {
        self.augmentation = augmentation
        seed = SplitMix64(seed: key).branch(UInt64(truncatingIfNeeded: epoch))
    }

    /// What one image goes through.
    ///
    /// - Parameters:
    ///   - example: the image's index in the data set.
    ///   - isPartner: whether it is there to be mixed into another one, from a minibatch of its own;
    ///     an example that is both is changed twice, independently.
    ///   - height: the image's height in pixels.
    ///   - width: the image's width in pixels.
    func draw(example: Int, isPartner: Bool, height: Int, width: Int) -> AugmentationDraw {
        var random = seed.branch(UInt64(truncatingIfNeeded: example)).branch(isPartner ? 1 : 0)
        // Always the same numbers are drawn, so that no change depends on another one being on.
        let isMirrored = random.number(below: 2) == 1
        let top = random.number(below: 2 * augmentation.cropPadding + 1)
        let left = random.number(below: 2 * augmentation.cropPadding + 1)
        let row = random.number(below: height)
        let column = random.number(below: width)
        return AugmentationDraw(
            isFlipped: augmentation.flip && isMirrored,
            rowShift: top - augmentation.cropPadding,
            columnShift: left - augmentation.cropPadding,
            blotRows: Self.side(augmentation.cutout, around: row, within: height),
            blotColumns: Self.side(augmentation.cutout, around: column, within: width)
        )
    }

    /// One side of the square around a centre, as far as it lies in the image.
    private static func side(_ size: Int, around centre: Int, within length: Int) -> Range<Int> {
        let start = centre - size / 2
        return max(start, 0)..<min(start + size, length)
    }
}

/// What one image goes through.
struct AugmentationDraw: Equatable {
    /// Whether the image is mirrored left to right, before all else.
    var isFlipped = false
    /// The row of the mirrored image that becomes the first one; rows outside it are 0.
    var rowShift = 0
    /// The column of the mirrored image that becomes the first one; columns outside it are 0.
    var columnShift = 0
    /// The rows of the blotted rectangle.
    var blotRows = 0..<0
    /// The columns of the blotted rectangle.
    var blotColumns = 0..<0
}
