import Foundation
import LibTorch
import MixupData

/// The two spirals of Figure 1: r = θ, turned by half a circle for the second class, without noise.
public enum Spirals {
    /// The angle at the outer end, in radians: 780°.
    public static let largestAngle = 780 * Double.pi / 180
    /// The part of the plane that is looked at, on both axes.
    public static let window = -15.0...15.0
    /// Coordinates are divided by it before they are a network's input, so that these have a variance
    /// of about 1.
    public static let unit = largestAngle / 2

    /// Draws examples, half of them of each class, with angles θ = √U · 780°.
    ///
    /// - Parameters:
    ///   - perClass: the number of examples of each class, 1 or more.
    ///   - generator: draws the angles.
    ///   - name: the data set's name.
    /// - Throws: ``ReportError`` for a number below 1.
    public static func dataset(
        perClass: Int,
        generator: Generator,
        name: String = "spirals"
    ) throws -> Dataset {
        guard perClass > 0 else {
            throw ReportError("a spiral needs 1 example or more, not \(perClass)")
        }
        var coordinates: [Float] = []
        var labels: [Int] = []
        for (label, sign) in [(0, 1.0), (1, -1.0)] {
            for uniform in try generator.uniforms(perClass) {
                let angle = uniform.squareRoot() * largestAngle
                coordinates.append(Float(-sign * angle * cos(angle)))
                coordinates.append(Float(sign * angle * sin(angle)))
                labels.append(label)
            }
        }
        return try Dataset(
            name: name,
            shape: [2],
            classNames: ["first spiral", "second spiral"],
            labels: labels,
            features: .floats(coordinates),
            normalization: Normalization(scale: unit)
        )
    }
}
