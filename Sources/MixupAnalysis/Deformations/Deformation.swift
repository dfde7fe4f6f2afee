import Foundation
import ManifoldMixup

/// A change of test images that the training has not seen (paper, Tables 4 and 9).
public struct Deformation: Sendable, Codable, Hashable, CustomStringConvertible {
    /// What is done to an image.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A rotation by an angle uniform in ± the amount.
        case rotation
        /// A shear by an angle uniform in ± the amount.
        case shear
        /// A change of size by the amount, the same for all images.
        case zoom
    }

    /// What is done.
    public let kind: Kind
    /// The largest angle in degrees, or the size in percent.
    public let amount: Double

    /// A deformation.
    ///
    /// - Throws: `MixupError` for an angle outside of 0 ... 180 degrees, or a zoom outside of
    ///   1 ... 1000 percent.
    public init(_ kind: Kind, _ amount: Double) throws {
        guard (kind == .zoom ? 1...1000 : 0...180).contains(amount) else {
            throw MixupError(
                kind == .zoom
                    ? "a zoom must be in 1 to 1000 percent, not \(amount)"
                    : "the largest angle of a \(kind.rawValue) must be in 0 to 180 degrees, not "
                        + "\(amount)"
            )
        }
        self.init(unchecked: kind, amount)
    }

    init(unchecked kind: Kind, _ amount: Double) {
        self.kind = kind
        self.amount = amount
    }

    /// For example "rotation ±20°".
    public var description: String {
        let number = String(format: amount == amount.rounded() ? "%.0f" : "%.1f", amount)
        return kind == .zoom ? "zoom \(number) %" : "\(kind.rawValue) ±\(number)°"
    }
}

/// How deformed images are computed.
public struct DeformationOptions: Sendable, Codable, Equatable {
    /// What the words rotation, shear and zoom mean.
    ///
    /// | | `authors` | `torchvision` |
    /// | --- | --- | --- |
    /// | centre | (H/2 + ½, W/2 + ½), off by one pixel | ((H − 1)/2, (W − 1)/2), the true one |
    /// | shear by s | columns scaled by cos s, rows moved by sin s | rows stay, columns moved by tan s |
    /// | zoom by p % | the p % of the image around the centre fill it: below 100 enlarges | the image gets p % of its size: above 100 enlarges |
    /// | border | what is beyond the outermost pixels' centres is filled | bilinear, the image fades into the fill within a pixel |
    ///
    /// A rotation is the same in both but for the centre.
    public enum Sense: String, Sendable, Codable, CaseIterable {
        /// The matrices of the authors' code of 2018, as `scipy.ndimage.affine_transform` applies them.
        case authors
        /// Those of torchvision's `affine`.
        case torchvision
    }

    /// What a value between pixels is.
    public enum Interpolation: String, Sendable, Codable, CaseIterable {
        /// That of the nearest pixel.
        case nearest
        /// Between those of the four pixels around.
        case bilinear
    }

    /// What is put where the image has nothing.
    public enum Fill: String, Sendable, Codable, CaseIterable {
        /// 0 before the normalisation, as the paper says.
        case black
        /// 0 after it, the mean of the training images: what the authors' code did.
        case mean
    }

    /// What the words mean.
    public var sense: Sense
    /// What a value between pixels is.
    public var interpolation: Interpolation
    /// What is put where the image has nothing.
    public var fill: Fill
    /// Decides each image's angle, together with the image's index.
    public var seed: UInt64

    /// Options; those of the authors' code unless said otherwise.
    public init(
        sense: Sense = .authors,
        interpolation: Interpolation = .nearest,
        fill: Fill = .mean,
        seed: UInt64 = 0
    ) {
        self.sense = sense
        self.interpolation = interpolation
        self.fill = fill
        self.seed = seed
    }
}
