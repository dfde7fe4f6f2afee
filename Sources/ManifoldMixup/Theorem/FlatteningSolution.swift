import LibTorch

/// Embeddings of examples, and an affine f(h) = Aᵀh + b that tells their classes.
public struct FlatteningSolution {
    /// The embedding of every example, [N, dim(H)], in double precision.
    public let embeddings: Tensor
    /// A, [dim(H), d].
    public let weight: Tensor
    /// b, [d].
    public let bias: Tensor
    /// The class of every example.
    public let labels: [Int]

    /// Aᵀh + b − y for every example, [N, d], with one-hot y.
    public func residuals() throws -> Tensor {
        let targets = try Tensor(labels.map(Int64.init))
            .oneHot(classCount: bias.shape[0], dtype: .float64)
        return try embeddings.matrixProduct(weight) + bias - targets
    }

    /// The solution that the proof of Theorem 1 builds, for dim(H) ≥ d − 1.
    ///
    /// A and H come from the singular value decomposition of I − b1ᵀ with b = 1/d, so that
    /// AᵀH + b1ᵀ = I: the classes' codes are the corners of a simplex. Whatever Aᵀ does not see may
    /// differ from example to example (Corollary 1), and does here, at random.
    ///
    /// - Parameters:
    ///   - dimension: dim(H).
    ///   - classCount: d, from 2.
    ///   - examplesPerClass: the number of examples of every class.
    ///   - generator: draws a rotation of H, and the differences between examples of a class.
    /// - Throws: `MixupError` for a dimension below d − 1, where there is no such solution.
    public static func constructed(
        dimension: Int,
        classCount: Int,
        examplesPerClass: Int,
        generator: Generator
    ) throws -> FlatteningSolution {
        guard classCount >= 2, examplesPerClass >= 1, dimension >= classCount - 1 else {
            throw MixupError(
                "\(classCount) classes need \(max(classCount - 1, 1)) dimensions or more, not "
                    + "\(dimension): Theorem 1 says nothing below"
            )
        }
        let count = classCount * examplesPerClass
        let seen = classCount - 1
        let rotation = try random([dimension, dimension], generator)
            .singularValueDecomposition().left
        // Rows are directions in H from here on: the first d − 1 that A sees, and the others.
        let directions = try rotation.transposed()
        let identity = try Tensor((0..<classCount).map(Int64.init))
            .oneHot(classCount: classCount, dtype: .float64)
        let target = try identity + -1 / Double(classCount)
        let (left, values, right) = try target.singularValueDecomposition()
        let roots = try values.squareRoot()
        // I − b1ᵀ = (U √Σ) (√Σ Vᵀ), of which the last column and row are 0.
        let weight = try (left * roots).transposed().rows(0, count: seen)
        let codes = try (right * roots.reshaped([classCount, 1])).rows(0, count: seen)
        let seenDirections = try directions.rows(0, count: seen).transposed()
        let labels = (0..<count).map { $0 % classCount }
        var embeddings = try seenDirections.matrixProduct(codes).transposed()
            .rows(Tensor(labels.map(Int64.init)))
        if dimension > seen {
            let unseen = try directions.rows(seen, count: dimension - seen)
            embeddings =
                try embeddings + random([count, dimension - seen], generator).matrixProduct(unseen)
        }
        return FlatteningSolution(
            embeddings: embeddings,
            weight: try seenDirections.matrixProduct(weight),
            bias: try .full([classCount], 1 / Double(classCount), dtype: .float64),
            labels: labels
        )
    }

    /// The solution that gradient descent finds, from random embeddings and a random f.
    ///
    /// Embeddings and f are free (the paper's universal g, and an affine f); Adam minimises the closed
    /// form of J with a learning rate that falls to 0. A is small at first: from a large one the
    /// descent takes several times as many steps.
    ///
    /// - Parameters:
    ///   - dimension: dim(H), from 1.
    ///   - classCount: d, from 2.
    ///   - examplesPerClass: the number of examples of every class.
    ///   - objective: J.
    ///   - steps: the number of steps of Adam.
    ///   - generator: draws the beginning.
    public static func learned(
        dimension: Int,
        classCount: Int,
        examplesPerClass: Int,
        objective: MixedSquaredError,
        steps: Int = 1000,
        generator: Generator
    ) throws -> FlatteningSolution {
        let count = classCount * examplesPerClass
        let solution = FlatteningSolution(
            embeddings: try random([count, dimension], generator).requiringGradient(),
            weight: try (random([dimension, classCount], generator) * 0.1).requiringGradient(),
            bias: try Tensor.zeros([classCount], dtype: .float64).requiringGradient(),
            labels: (0..<count).map { $0 % classCount }
        )
        let optimizer = try Adam(FreeTensors(solution))
        let schedule = Schedule(.cosine(final: 0))
        for step in 0..<steps {
            optimizer.learningRate = schedule.learningRate(at: Double(step), of: steps, base: 0.05)
            try optimizer.step(minimizing: objective(residuals: solution.residuals()))
        }
        return FlatteningSolution(
            embeddings: try solution.embeddings.detached(),
            weight: try solution.weight.detached(),
            bias: try solution.bias.detached(),
            labels: solution.labels
        )
    }

    private static func random(_ shape: [Int], _ generator: Generator) throws -> Tensor {
        let tensor = try Tensor.zeros(shape, dtype: .float64)
        try generator.fillNormal(tensor)
        return tensor
    }

    private final class FreeTensors: Module {
        let ownTensors: [NamedTensor]

        init(_ solution: FlatteningSolution) {
            ownTensors = [
                NamedTensor("embeddings", solution.embeddings),
                NamedTensor("weight", solution.weight), NamedTensor("bias", solution.bias),
            ]
        }
    }
}

extension FlatteningSolution {
    /// The singular values of the embeddings of one class, in descending order.
    ///
    /// - Parameters:
    ///   - label: the class.
    ///   - isCentred: whether the class's mean is subtracted first.
    public func singularValues(ofClass label: Int, isCentred: Bool) throws -> [Double] {
        let rows = labels.indices.filter { labels[$0] == label }.map(Int64.init)
        var codes = try embeddings.rows(Tensor(rows))
        if isCentred { codes = try codes - codes.mean([0], keepingDimensions: true) }
        return try codes.singularValues().scalars(as: Double.self)
    }

    /// How much of the variance within classes lies in directions that Aᵀ sees, in 0...1.
    public func visibleShareOfClassVariance() throws -> Double {
        var visible = 0.0
        var total = 0.0
        let (left, values, _) = try weight.singularValueDecomposition()
        let sizes = try values.scalars(as: Double.self)
        let rank = sizes.count { $0 > 1e-6 * (sizes.first ?? 0) }
        let directions = try left.transposed().rows(0, count: rank)
        for label in Set(labels) {
            let rows = labels.indices.filter { labels[$0] == label }.map(Int64.init)
            let codes = try embeddings.rows(Tensor(rows))
            let differences = try codes - codes.mean([0], keepingDimensions: true)
            let seen = try differences.matrixProduct(directions.transposed())
            visible += try (seen * seen).sum().item()
            total += try (differences * differences).sum().item()
        }
        return total == 0 ? 0 : visible / total
    }
}
