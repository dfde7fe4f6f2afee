import Foundation
import LibTorch

/// The distribution Beta(α, α) on [0, 1], from which λ is drawn (paper, section 2).
public struct SymmetricBeta: Sendable, Equatable {
    /// The shape; small values favour 0 and 1, 1 is uniform, large values favour ½.
    public let alpha: Double

    /// Creates the distribution.
    ///
    /// - Throws: `MixupError` unless `alpha` is finite and positive.
    public init(alpha: Double) throws {
        guard alpha.isFinite, alpha > 0 else {
            throw MixupError(
                "alpha must be a positive number, not \(alpha); to train without mixup, "
                    + "choose the method 'none'"
            )
        }
        self.alpha = alpha
    }

    /// The variance, 1 / (4 · (2α + 1)); the mean is ½.
    public var variance: Double { 1 / (4 * (2 * alpha + 1)) }

    /// Independent draws.
    ///
    /// λ = G₁ / (G₁ + G₂) with two draws of Gamma(α, 1). As such draws underflow for small α, they are
    /// made as Gamma(α + 1, 1) · U^(1/α) and compared by their logarithms, which is exact for every α.
    public func draw(_ count: Int, from generator: Generator) throws -> [Double] {
        let gammas = try generator.gammas(2 * count, concentration: alpha + 1)
        let uniforms = try generator.uniforms(2 * count)
        return (0..<count).map {
            let (own, other) = (2 * $0, 2 * $0 + 1)
            // 1 − U is in (0, 1], where the logarithm is finite. Subtracted before the division, as both
            // quotients may be infinite for a tiny α.
            let difference = (log1p(-uniforms[other]) - log1p(-uniforms[own])) / alpha
            return 1 / (1 + exp(log(gammas[other]) - log(gammas[own]) + difference))
        }
    }
}
