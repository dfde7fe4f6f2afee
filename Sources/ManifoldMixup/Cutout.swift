import LibTorch

/// Cutout: a square of every image is set to 0 (DeVries and Taylor, 2017, section 3).
///
/// Every image of a minibatch has a hole of its own, whose centre is a uniformly drawn pixel; what lies
/// beyond the border is cut off. 0 is the mean of normalised images. Targets stay as they are.
public struct Cutout: MixingMethod, Equatable {
    /// The method's name.
    public static let name = "cutout"

    /// The side of the hole in pixels; `nil` for half of the image's shorter side, which is what
    /// DeVries and Taylor chose for CIFAR-10: 16 of 32 pixels.
    public let hole: Int?

    /// Creates the settings.
    ///
    /// - Throws: `MixupError` unless `hole` is 1 or more.
    public init(hole: Int? = nil) throws {
        guard hole ?? 1 >= 1 else {
            throw MixupError("the hole of cutout must be 1 pixel or more, not \(hole ?? 0)")
        }
        self.hole = hole
    }

    /// The method's name and the hole.
    public var summary: String {
        hole.map { "\(Self.name) of \($0) × \($0) pixels" } ?? Self.name
    }

    /// The settings with the hole that they mean for images of one size.
    ///
    /// - Throws: `MixupError` unless the examples are images at least as large as the hole.
    public func resolved(for model: any Classifier, inputShape: [Int]) throws -> Cutout {
        try Cutout(hole: side(for: imageSize(of: inputShape, for: Self.name)))
    }

    /// Draws the holes of one minibatch.
    ///
    /// - Throws: `MixupError` unless the examples are images at least as large as the hole.
    public func draw(
        batchSize: Int,
        inputShape: [Int],
        progress: MixingProgress,
        streams: RandomStreams
    ) throws -> (any MinibatchDraw)? {
        let image = try imageSize(of: inputShape, for: Self.name)
        let side = try side(for: image)
        let generator = try streams[.box]
        return CutoutDraw(
            holes: try (0..<batchSize).map { _ in
                try .around(height: side, width: side, image: image, from: generator)
            }
        )
    }

    private func side(for image: (height: Int, width: Int)) throws -> Int {
        let shorter = min(image.height, image.width)
        guard let hole else { return max(shorter / 2, 1) }
        guard hole <= shorter else {
            throw MixupError(
                "a hole of \(hole) pixels does not fit images of \(image.height) × \(image.width); "
                    + "choose \(shorter) or less"
            )
        }
        return hole
    }
}

/// What ``Cutout`` drew for one minibatch: a hole for every image.
public struct CutoutDraw: MinibatchDraw {
    /// The part of each image that is set to 0.
    public let holes: [ImageBox]

    /// Creates a draw by hand, for instance to repeat one.
    public init(holes: [ImageBox]) {
        self.holes = holes
    }

    /// The method's name.
    public var method: String { Cutout.name }
    /// The input.
    public var layer: Int { 0 }
    /// None, as targets stay as they are.
    public var lambdas: [Double] { [] }

    /// The images [N, C, H, W] with their holes.
    public func mixedState(_ state: Tensor) throws -> Tensor {
        try state.erasing(holes)
    }

    /// The same targets.
    public func mixedTargets(_ targets: Tensor) throws -> Tensor { targets }
}
