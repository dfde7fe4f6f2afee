import LibTorch

/// How far a tensor is from the expected one: max |found − expected| ÷ max |expected|.
struct Disagreement: CustomStringConvertible {
    /// What was compared.
    let what: String
    /// The relative difference; infinite where it has no meaning.
    let relative: Double

    init<Scalar: BinaryFloatingPoint>(_ what: String, _ found: [Scalar], _ expected: [Scalar]) {
        self.what = what
        let scale = expected.map(\.magnitude).max() ?? 0
        let difference = zip(found, expected).map { ($0 - $1).magnitude }
        let isComparable =
            found.count == expected.count && scale > 0 && difference.allSatisfy(\.isFinite)
        relative = isComparable ? Double(difference.max() ?? 0) / Double(scale) : .infinity
    }

    init(_ what: String, difference: Double, scale: Double) {
        self.what = what
        relative = scale > 0 && difference.isFinite ? difference.magnitude / scale : .infinity
    }

    init(_ what: String, _ found: Tensor, _ expected: Tensor) throws {
        try self.init(
            what,
            found.to(.float64).scalars(as: Double.self),
            expected.to(.float64).scalars(as: Double.self)
        )
    }

    var description: String { "\(what): \(relative)" }
}

extension [Disagreement] {
    /// The largest one.
    var worst: Disagreement? {
        self.max { $0.relative < $1.relative }
    }
}
