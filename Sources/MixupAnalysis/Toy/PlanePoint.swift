import LibTorch

/// A point of a plane: an input of the spirals, or a hidden state with two units.
public struct PlanePoint: Sendable, Codable, Equatable {
    /// The first coordinate.
    public var x: Double
    /// The second coordinate.
    public var y: Double

    /// A point at two coordinates.
    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    /// The distance to another point.
    public func distance(to other: PlanePoint) -> Double {
        let (right, up) = (x - other.x, y - other.y)
        return (right * right + up * up).squareRoot()
    }

    /// The rows of a matrix [N, 2].
    ///
    /// - Throws: ``ReportError`` for a tensor of another shape.
    public static func rows(of matrix: Tensor) throws -> [PlanePoint] {
        let shape = try matrix.shape
        guard shape.count == 2, shape[1] == 2 else {
            throw ReportError("points of a plane are the rows of a matrix [N, 2], not of \(shape)")
        }
        let values = try matrix.to(.float64).scalars(as: Double.self)
        return stride(from: 0, to: values.count, by: 2).map {
            PlanePoint(values[$0], values[$0 + 1])
        }
    }

    /// The points as a matrix [N, 2] of single precision.
    static func matrix(_ points: [PlanePoint]) throws -> Tensor {
        try Tensor(points.flatMap { [Float($0.x), Float($0.y)] }, shape: [points.count, 2])
    }
}

/// A rectangle of a plane.
public struct PlaneWindow: Sendable, Codable, Equatable {
    /// The range to the right.
    public let x: ClosedRange<Double>
    /// The range upwards.
    public let y: ClosedRange<Double>

    /// A rectangle.
    public init(x: ClosedRange<Double>, y: ClosedRange<Double>) {
        self.x = x
        self.y = y
    }

    /// The smallest rectangle around points, wider by a share of its size on every side.
    ///
    /// Points in a line or at one place get a rectangle with an area all the same.
    public init(around points: [PlanePoint], margin: Double) {
        func range(_ values: [Double]) -> ClosedRange<Double> {
            let low = values.min() ?? 0
            let high = values.max() ?? 0
            let space = max(margin * (high - low), 1e-6 * max(1, abs(low), abs(high)))
            return (low - space)...(high + space)
        }
        self.init(x: range(points.map(\.x)), y: range(points.map(\.y)))
    }

    /// A point's place in the window: (0, 0) and (1, 1) are two of its corners.
    func place(of point: PlanePoint) -> PlanePoint {
        PlanePoint(
            (point.x - x.lowerBound) / (x.upperBound - x.lowerBound),
            (point.y - y.lowerBound) / (y.upperBound - y.lowerBound)
        )
    }

    /// Whether a point is inside.
    func contains(_ point: PlanePoint) -> Bool { x.contains(point.x) && y.contains(point.y) }
}
