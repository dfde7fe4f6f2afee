import LibTorch

/// Theorem 1 and Corollary 1 of the paper (section 3.1), checked by numbers: what they predict, and
/// what a construction, a free optimisation and a small network give.
///
/// Three things that the statement leaves unsaid:
///
/// - J = 0 needs a loss with ℓ(u, u) = 0. Cross entropies of mixed targets have the targets' entropy as
///   their floor; the check uses squared error.
/// - f is affine in probabilities. A softmax output needs the logarithms of Aᵀh + b as logits.
/// - The corollary speaks of minimisers with an affine f. With an arbitrary f and three or more
///   dimensions, a zero loss is possible without any flattening.
public struct TheoremCheck: Sendable, Codable {
    /// One prediction beside its measurement.
    public struct Row: Sendable, Codable {
        /// What found the minimiser.
        public let source: Source
        /// dim(H).
        public let dimension: Int
        /// What is predicted.
        public let quantity: String
        /// What the theorem, its corollary or the closed form say.
        public let predicted: Double
        /// What was found.
        public let measured: Double
        /// The largest difference that is put down to arithmetic and to an unfinished descent.
        public let tolerance: Double

        /// Whether prediction and measurement are the same within the tolerance.
        public var agrees: Bool { abs(predicted - measured) <= tolerance }
    }

    /// How a minimiser is found.
    public enum Source: String, Sendable, Codable {
        /// The proof's construction.
        case construction
        /// Gradient descent on free embeddings and an affine f.
        case optimization
        /// Gradient descent on a network with a linear head behind a bottleneck.
        case network
    }

    /// d.
    public let classCount: Int
    /// The rows, by source and dimension.
    public let rows: [Row]

    /// Whether everything agrees.
    public var holds: Bool { rows.allSatisfy(\.agrees) }

    /// Runs the check.
    ///
    /// - Parameters:
    ///   - classCount: d, from 2.
    ///   - examplesPerClass: more than the largest dimension, or the ranks cannot show.
    ///   - dimensions: the dim(H) to look at.
    ///   - alpha: of λ ~ Beta(α, α).
    ///   - seed: of everything random.
    public static func run(
        classCount: Int = 10,
        examplesPerClass: Int = 40,
        dimensions: [Int] = [5, 7, 8, 9, 10, 12, 30],
        alpha: Double = 2,
        seed: UInt64 = 1
    ) throws -> TheoremCheck {
        let objective = MixedSquaredError(try SymmetricBeta(alpha: alpha))
        let generator = try Generator(seed: seed)
        var rows: [Row] = []
        for dimension in dimensions where dimension >= classCount - 1 {
            let solution = try FlatteningSolution.constructed(
                dimension: dimension,
                classCount: classCount,
                examplesPerClass: examplesPerClass,
                generator: generator
            )
            rows += try checks(of: solution, .construction, dimension, objective, tolerance: 1e-20)
        }
        for dimension in dimensions {
            let solution = try FlatteningSolution.learned(
                dimension: dimension,
                classCount: classCount,
                examplesPerClass: examplesPerClass,
                objective: objective,
                generator: generator
            )
            let floor = objective.floor(
                dimension: dimension,
                classCount: classCount,
                exampleCount: classCount * examplesPerClass
            )
            let tolerance = max(1e-3 * floor, 1e-8)
            rows += try checks(
                of: solution,
                .optimization,
                dimension,
                objective,
                tolerance: tolerance
            )
        }
        for dimension in networkDimensions(classCount: networkClassCount) {
            rows.append(try networkCheck(dimension, objective, generator))
        }
        return TheoremCheck(classCount: classCount, rows: rows)
    }

    /// The loss, and for dim(H) ≥ d − 1 the ranks of the classes.
    private static func checks(
        of solution: FlatteningSolution,
        _ source: Source,
        _ dimension: Int,
        _ objective: MixedSquaredError,
        tolerance: Double
    ) throws -> [Row] {
        let classCount = try solution.bias.shape[0]
        func row(_ quantity: String, _ predicted: Double, _ measured: Double, _ tolerance: Double)
            -> Row
        {
            Row(
                source: source,
                dimension: dimension,
                quantity: quantity,
                predicted: predicted,
                measured: measured,
                tolerance: tolerance
            )
        }
        let floor = objective.floor(
            dimension: dimension,
            classCount: classCount,
            exampleCount: solution.labels.count
        )
        let loss = try objective(residuals: solution.residuals()).item()
        var rows = [row("loss J", floor, loss, tolerance)]
        guard dimension >= classCount - 1 else { return rows }
        let free = Double(dimension - classCount + 1)
        rows.append(
            row("rank of A", Double(classCount - 1), try rank(solution.weight.singularValues()), 0)
        )
        let ranks = try (0..<classCount).map { label in
            rank(try solution.singularValues(ofClass: label, isCentred: true), scale: 1)
        }
        rows.append(row("smallest rank of a class", free, ranks.min() ?? .nan, 0))
        rows.append(row("largest rank of a class", free, ranks.max() ?? .nan, 0))
        // With d − 1 dimensions a class is a point, and has no variance to look at.
        guard free > 0 else { return rows }
        rows.append(
            row(
                "share of class variance that A sees",
                0,
                try solution.visibleShareOfClassVariance(),
                1e-6
            )
        )
        return rows
    }

    private static func rank(_ singularValues: Tensor) throws -> Double {
        let values = try singularValues.scalars(as: Double.self)
        return rank(values, scale: values.first ?? 0)
    }

    private static func rank(_ values: [Double], scale: Double) -> Double {
        Double(values.count { $0 > 1e-3 * scale })
    }
}
