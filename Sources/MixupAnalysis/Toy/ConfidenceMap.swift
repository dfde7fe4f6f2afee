import LibTorch
import ManifoldMixup

/// The probability that a classifier of two classes gives to the second, over a grid of a plane: of its
/// inputs, or of hidden states with two units.
public struct ConfidenceMap: Sendable, Codable, Equatable {
    /// The columns' coordinates.
    public let x: [Double]
    /// The rows' coordinates.
    public let y: [Double]
    /// The probabilities: `values[row][column]`.
    public let values: [[Double]]

    /// A map of known probabilities.
    init(x: [Double], y: [Double], values: [[Double]]) {
        self.x = x
        self.y = y
        self.values = values
    }

    /// Computes the map of a model.
    ///
    /// - Parameters:
    ///   - model: a classifier of two classes.
    ///   - boundary: 0 for the plane of inputs [N, 2], otherwise a boundary with two units.
    ///   - window: what is looked at.
    ///   - resolution: the number of rows and of columns, 2 or more.
    ///   - unit: coordinates are divided by it before the model sees them.
    /// - Throws: `MixupError` for a boundary that the model does not have, ``ReportError`` for a model
    ///   with more classes or a grid that is too small.
    public init(
        of model: any Classifier,
        at boundary: Int = 0,
        window: PlaneWindow,
        resolution: Int,
        unit: Double = 1
    ) throws {
        guard resolution >= 2 else {
            throw ReportError("a map needs a resolution of 2 or more, not \(resolution)")
        }
        func steps(_ range: ClosedRange<Double>) -> [Double] {
            (0..<resolution).map {
                range.lowerBound + (range.upperBound - range.lowerBound)
                    * Double($0) / Double(resolution - 1)
            }
        }
        let columns = steps(window.x)
        let rows = steps(window.y)
        x = columns
        y = rows
        values = try withoutGradients {
            // All at once would make tens of thousands of rows of every hidden layer.
            try rows.map { row in
                let points = columns.map { PlanePoint($0 / unit, row / unit) }
                let logits = try model.logits(
                    from: PlanePoint.matrix(points),
                    at: boundary,
                    inputShape: [2]
                )
                guard try logits.shape == [points.count, 2] else {
                    throw ReportError("a map of confidence is for 2 classes; choose such a model")
                }
                let probabilities = try logits.softmax().to(.float64).scalars(as: Double.self)
                return stride(from: 1, to: probabilities.count, by: 2).map { probabilities[$0] }
            }
        }
    }

    /// The share of the grid's points whose more probable class has a probability above `threshold`,
    /// among those that are counted; `nil` if none is.
    public func confidentShare(
        above threshold: Double = 0.95,
        where isCounted: (PlanePoint) -> Bool = { _ in true }
    ) -> Double? {
        var counted = 0
        var confident = 0
        for (row, line) in values.enumerated() {
            for (column, value) in line.enumerated()
            where isCounted(PlanePoint(x[column], y[row])) {
                counted += 1
                if max(value, 1 - value) > threshold { confident += 1 }
            }
        }
        return counted > 0 ? Double(confident) / Double(counted) : nil
    }

    /// The points at which the decision changes between two neighbours of the grid.
    public var decisionBoundary: [PlanePoint] {
        /// Where on the way between two values the half is, if it is.
        func crossing(_ first: Double, _ second: Double) -> Double? {
            guard (first < 0.5) != (second < 0.5) else { return nil }
            return (0.5 - first) / (second - first)
        }
        var points: [PlanePoint] = []
        for row in y.indices {
            for column in x.indices {
                let value = values[row][column]
                if column + 1 < x.count, let part = crossing(value, values[row][column + 1]) {
                    points.append(
                        PlanePoint(x[column] + part * (x[column + 1] - x[column]), y[row])
                    )
                }
                if row + 1 < y.count, let part = crossing(value, values[row + 1][column]) {
                    points.append(PlanePoint(x[column], y[row] + part * (y[row + 1] - y[row])))
                }
            }
        }
        return points
    }
}
