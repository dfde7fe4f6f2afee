extension Recipe {
    /// How training images are changed at random: flipped, then cropped, then blotted.
    ///
    /// All is off by default, since it depends on the data: a mirrored digit is no digit.
    public struct Augmentation: Codable, Equatable, Sendable {
        /// Whether every second image, on average, is mirrored left to right (default: false).
        public var flip: Bool
        /// Pixels of value 0 around an image, from which a window of its size is cut (default: 0).
        ///
        /// The authors' code has 2 for CIFAR and SVHN, most others have 4.
        public var cropPadding: Int
        /// The side in pixels of Cutout's square (default: 0, no Cutout).
        public var cutout: Int

        /// The section with the given values, or the defaults.
        public init(flip: Bool = false, cropPadding: Int = 0, cutout: Int = 0) {
            self.flip = flip
            self.cropPadding = cropPadding
            self.cutout = cutout
        }

        enum CodingKeys: String, SectionKey {
            case flip
            case cropPadding = "crop-padding"
            case cutout
        }
    }
}

extension Recipe.Augmentation: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        flip = try reader.value(.flip) ?? usual.flip
        cropPadding = try reader.value(.cropPadding) ?? usual.cropPadding
        cutout = try reader.value(.cutout) ?? usual.cutout
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        [(.flip, flip), (.cropPadding, cropPadding), (.cutout, cutout)]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        // Whether they fit the images is for the data set to say, once it is loaded.
        try rules.require(cropPadding, in: 0...10_000, .cropPadding)
        try rules.require(cutout, in: 0...10_000, .cutout)
    }
}
