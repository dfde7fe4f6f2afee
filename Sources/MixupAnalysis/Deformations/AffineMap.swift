import Foundation
import MixupData

/// Where in the old image each pixel of a new image comes from: an affine map of (row, column).
struct AffineMap {
    private let rowFactors: (row: Double, column: Double)
    private let columnFactors: (row: Double, column: Double)
    private let rowShift: Double
    private let columnShift: Double

    /// The map with a matrix that leaves `centre` where it is.
    init(
        row: (Double, Double),
        column: (Double, Double),
        centre: (row: Double, column: Double)
    ) {
        rowFactors = row
        columnFactors = column
        rowShift = centre.row - (row.0 * centre.row + row.1 * centre.column)
        columnShift = centre.column - (column.0 * centre.row + column.1 * centre.column)
    }

    /// The map of a deformation of images of a size.
    ///
    /// - Parameters:
    ///   - angle: of a rotation or a shear, in degrees.
    init(_ deformation: Deformation, angle: Double, _ options: DeformationOptions, size: (Int, Int))
    {
        let angle = angle * .pi / 180
        let (sine, cosine) = (sin(angle), cos(angle))
        let zoom = deformation.amount / 100
        let (height, width) = (Double(size.0), Double(size.1))
        let row: (Double, Double)
        let column: (Double, Double)
        switch (deformation.kind, options.sense) {
        case (.rotation, _): (row, column) = ((cosine, -sine), (sine, cosine))
        case (.shear, .authors): (row, column) = ((1, -sine), (0, cosine))
        case (.shear, .torchvision): (row, column) = ((1, 0), (tan(angle), 1))
        case (.zoom, .authors): (row, column) = ((zoom, 0), (0, zoom))
        case (.zoom, .torchvision): (row, column) = ((1 / zoom, 0), (0, 1 / zoom))
        }
        let centre =
            options.sense == .authors
            ? (height / 2 + 0.5, width / 2 + 0.5) : ((height - 1) / 2, (width - 1) / 2)
        self.init(row: row, column: column, centre: centre)
    }

    /// The place that a pixel comes from; summed in SciPy's order, so that ties between two pixels
    /// fall as they do there.
    func source(row: Int, column: Int) -> (row: Double, column: Double) {
        let (row, column) = (Double(row), Double(column))
        return (
            rowShift + row * rowFactors.row + column * rowFactors.column,
            columnShift + row * columnFactors.row + column * columnFactors.column
        )
    }
}

extension Deformation {
    /// The angle of the example at an index, in degrees; 0 for a zoom.
    ///
    /// All settings take the same share of their largest angle, so that they are compared on the
    /// same draws.
    func angle(ofExample index: Int, seed: UInt64) -> Double {
        guard kind != .zoom else { return 0 }
        var random = SplitMix64(seed: seed).branch(UInt64(truncatingIfNeeded: index))
        return (2 * random.uniform() - 1) * amount
    }
}
