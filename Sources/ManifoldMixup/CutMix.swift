import LibTorch

/// CutMix: a box of every image is replaced by that of a partner (Yun et al., 2019, section 3).
///
/// For every minibatch one λ ~ Beta(α, α), one box and one random permutation are drawn. The box has
/// √(1 − λ) times the height and the width of the image, rounded down, its centre is a uniformly drawn
/// pixel, and what lies beyond the border is cut off. Targets are interpolated with the share of pixels
/// that an image keeps, which is larger than λ where the box was cut off.
public struct CutMix: MixingMethod, Equatable {
    /// The method's name.
    public static let name = "cutmix"

    /// The distribution of λ over the epochs.
    public let alpha: AlphaSchedule

    /// Creates the settings; by default with the α = 1 of Yun et al.
    ///
    /// - Throws: `MixupError` unless `alpha` and `finalAlpha` are finite and positive.
    public init(alpha: Double = 1, finalAlpha: Double? = nil) throws {
        self.alpha = try AlphaSchedule(alpha: alpha, finalAlpha: finalAlpha)
    }

    /// The method's name.
    public var summary: String { Self.name }

    /// The same settings.
    ///
    /// - Throws: `MixupError` unless the examples are images.
    public func resolved(for model: any Classifier, inputShape: [Int]) throws -> CutMix {
        _ = try imageSize(of: inputShape, for: Self.name)
        return self
    }

    /// Draws λ, the box and the partners of one minibatch.
    ///
    /// - Throws: `MixupError` unless the examples are images.
    public func draw(
        batchSize: Int,
        inputShape: [Int],
        progress: MixingProgress,
        streams: RandomStreams
    ) throws -> (any MinibatchDraw)? {
        let image = try imageSize(of: inputShape, for: Self.name)
        let lambda = try alpha.distribution(at: progress).draw(1, from: streams[.lambda])[0]
        let side = (1 - lambda).squareRoot()
        return try CutMixDraw(
            box: .around(
                height: Int(side * Double(image.height)),
                width: Int(side * Double(image.width)),
                image: image,
                from: streams[.box]
            ),
            imageHeight: image.height,
            imageWidth: image.width,
            permutation: streams[.permutation].permutation(batchSize)
        )
    }
}

/// What ``CutMix`` drew for one minibatch: the box and who is mixed with whom.
public struct CutMixDraw: MinibatchDraw {
    /// The part of every image that comes from its partner.
    public let box: ImageBox
    /// The height of the images, in pixels.
    public let imageHeight: Int
    /// The width of the images, in pixels.
    public let imageWidth: Int
    /// Image i is mixed with image `permutation[i]` (int64, [N]).
    public let permutation: Tensor
    /// The share of pixels that every image keeps, exactly.
    public let lambda: Double

    /// Creates a draw by hand, for instance to repeat one.
    ///
    /// - Throws: `MixupError` unless the box lies within the image.
    public init(
        box: ImageBox,
        imageHeight: Int,
        imageWidth: Int,
        permutation: Tensor
    ) throws {
        guard box.rows.lowerBound >= 0, box.rows.upperBound <= imageHeight,
            box.columns.lowerBound >= 0, box.columns.upperBound <= imageWidth,
            imageHeight > 0, imageWidth > 0
        else {
            throw MixupError(
                "a box of the rows \(box.rows) and the columns \(box.columns) does not lie within "
                    + "images of \(imageHeight) × \(imageWidth) pixels"
            )
        }
        self.box = box
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        self.permutation = permutation
        let pixels = Double(imageHeight) * Double(imageWidth)
        lambda = (pixels - Double(box.rows.count) * Double(box.columns.count)) / pixels
    }

    /// The method's name.
    public var method: String { CutMix.name }
    /// The input.
    public var layer: Int { 0 }
    /// The share of pixels that every image keeps.
    public var lambdas: [Double] { [lambda] }

    /// The images [N, C, H, W] with the box of their partners.
    ///
    /// - Throws: `MixupError` if the draw was made for images of another size.
    public func mixedState(_ state: Tensor) throws -> Tensor {
        let shape = try state.shape
        guard shape.count == 4, shape[2] == imageHeight, shape[3] == imageWidth else {
            throw MixupError(
                "the box was drawn for images of \(imageHeight) × \(imageWidth) pixels, which does "
                    + "not fit a batch of shape \(shape)"
            )
        }
        return try state.pastingBox(box, order: permutation)
    }

    /// The targets [N, C], interpolated with the share of pixels.
    public func mixedTargets(_ targets: Tensor) throws -> Tensor {
        try targets.interpolatedRows(order: permutation, weight: lambda)
    }
}
