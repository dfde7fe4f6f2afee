import LibTorch

extension SymmetricBeta {
    /// E[λ²].
    public var meanSquare: Double { (alpha + 1) / (2 * (2 * alpha + 1)) }
    /// E[λ · (1 − λ)].
    public var meanProduct: Double { alpha / (2 * (2 * alpha + 1)) }
}

/// The objective J of the paper's equation (2) for squared error and an affine f, in closed form.
///
/// With the residuals rᵢ = Aᵀhᵢ + b − yᵢ of n examples, mixing at H is linear in them, and
///
/// J = 2 E[λ²] · mean ‖rᵢ‖² + 2 E[λ(1 − λ)] · mean over i ≠ j of rᵢ · rⱼ,
///
/// which is 0 only where all residuals are. No λ and no pairs need to be drawn.
public struct MixedSquaredError: Sendable {
    /// The law of λ.
    public let distribution: SymmetricBeta

    /// The objective for λ of a distribution.
    public init(_ distribution: SymmetricBeta) {
        self.distribution = distribution
    }

    /// J of residuals [N, d], with N from 2; gradients flow through it.
    ///
    /// - Throws: `MixupError` for fewer than two residuals.
    public func callAsFunction(residuals: Tensor) throws -> Tensor {
        let count = Double(try residuals.shape.first ?? 0)
        guard count >= 2 else {
            throw MixupError("mixing needs at least two examples, not \(Int(count))")
        }
        let own = try (residuals * residuals).sum()
        let total = try residuals.sum([0])
        let crossed = try ((total * total).sum() - own) * (1 / (count * (count - 1)))
        return try own * (2 * distribution.meanSquare / count)
            + crossed * (2 * distribution.meanProduct)
    }

    /// The smallest J that any h and any affine f reach for as many examples of each class.
    ///
    /// It is 0 for dim(H) ≥ d − 1 (Theorem 1). Below, one-hot targets have d − 1 directions of equal
    /// variance, of which an affine f reaches only dim(H).
    ///
    /// - Parameters:
    ///   - dimension: dim(H), from 0.
    ///   - classCount: d.
    ///   - exampleCount: n, a multiple of d.
    public func floor(dimension: Int, classCount: Int, exampleCount: Int) -> Double {
        let missing = Double(max(classCount - 1 - dimension, 0))
        let classes = Double(classCount)
        return missing
            * (2 * distribution.meanSquare / classes
                - 2 * distribution.meanProduct / (classes * Double(exampleCount - 1)))
    }
}
