import Foundation
import LibTorch
import ManifoldMixup
import Testing

// KerasCV #1361 and tensorflow/models #13490: λ was uniform whatever α, and nobody noticed.
@Suite("The law of λ")
struct BetaLawTests {
    private func draws(_ alpha: Double, count: Int, seed: UInt64 = 1) throws -> [Double] {
        try SymmetricBeta(alpha: alpha).draw(count, from: Generator(seed: seed))
    }

    @Test("The expected distribution function has the closed forms of α = ½, 1 and 2")
    func distributionFunction() {
        for x in stride(from: 0.0, through: 1, by: 0.05) {
            let half = 2 / Double.pi * asin(x.squareRoot())
            #expect(abs(Statistics.symmetricBetaCDF(x, alpha: 0.5) - half) < 1e-12)
            #expect(abs(Statistics.symmetricBetaCDF(x, alpha: 1) - x) < 1e-12)
            let two = x * x * (3 - 2 * x)
            #expect(abs(Statistics.symmetricBetaCDF(x, alpha: 2) - two) < 1e-12)
        }
    }

    @Test("λ follows Beta(α, α)", arguments: [0.2, 0.5, 1, 2, 50])
    func law(alpha: Double) throws {
        let sample = try draws(alpha, count: 20000)
        let distance = Statistics.kolmogorovSmirnov(sample) {
            Statistics.symmetricBetaCDF($0, alpha: alpha)
        }
        #expect(distance < Statistics.kolmogorovSmirnovLimit(20000))
    }

    @Test("The same test refuses a λ that ignores α", arguments: [0.2, 0.8, 1.25, 2])
    func power(alpha: Double) throws {
        let uniform = try Tensor.zeros([20000], dtype: .float64)
        try Generator(seed: 1).fillUniform(uniform)
        let distance = Statistics.kolmogorovSmirnov(try numbers(uniform)) {
            Statistics.symmetricBetaCDF($0, alpha: alpha)
        }
        #expect(distance > 1.5 * Statistics.kolmogorovSmirnovLimit(20000))
    }

    @Test("The mean is ½ and the variance 1 / (4 (2α + 1))", arguments: [0.2, 0.5, 1, 2, 8, 50])
    func moments(alpha: Double) throws {
        let count = 20000.0
        let (mean, variance) = Statistics.moments(try draws(alpha, count: 20000, seed: 2))
        let expected = 1 / (4 * (2 * alpha + 1))
        #expect(try SymmetricBeta(alpha: alpha).variance == expected)
        #expect(abs(mean - 0.5) < 4.5 * (expected / count).squareRoot())
        // The fourth central moment is σ⁴ · (3 − 6 / (2α + 3)).
        let spread = expected * ((2 - 6 / (2 * alpha + 3)) / count).squareRoot()
        #expect(abs(variance - expected) < 4.5 * spread)
    }

    @Test(
        "A very small α gives 0 or 1 and never a NaN",
        arguments: [0.01, 1e-4, 1e-300, .leastNonzeroMagnitude]
    )
    func small(alpha: Double) throws {
        let sample = try draws(alpha, count: 4000)
        #expect(sample.allSatisfy { (0...1).contains($0) })
        // Both ends are equally likely, and hardly anything lies between them.
        let low = Double(sample.count { $0 < 0.5 }) / 4000
        #expect(abs(low - 0.5) < 4.5 * (0.25 / 4000).squareRoot())
        let middle = Double(sample.count { $0 > 0.1 && $0 < 0.9 }) / 4000
        #expect(middle < 0.05)
    }

    @Test("A very large α gives ½", arguments: [1e6, 1e12, 1e300])
    func large(alpha: Double) throws {
        let sample = try draws(alpha, count: 1000)
        #expect(sample.allSatisfy { abs($0 - 0.5) < 5 * (1 / (8 * alpha)).squareRoot() + 1e-15 })
    }

    @Test("A whole α is as good as any other")  // An integer α crashed samplers elsewhere.
    func wholeNumbers() throws {
        for alpha in 1...5 {
            let sample = try draws(Double(alpha), count: 100)
            #expect(sample.allSatisfy { $0 > 0 && $0 < 1 })
            #expect(Set(sample).count == 100)
        }
    }

    @Test("Equal seeds give equal λ, other seeds give others")
    func seeds() throws {
        #expect(try draws(2, count: 50, seed: 3) == draws(2, count: 50, seed: 3))
        #expect(try draws(2, count: 50, seed: 3) != draws(2, count: 50, seed: 4))
        #expect(try draws(2, count: 0).isEmpty)
    }

    @Test("An impossible α is a one-line error", arguments: [0, -1, .nan, .infinity])
    func impossible(alpha: Double) {
        let message = messageOfError { _ = try SymmetricBeta(alpha: alpha) }
        #expect(message.contains("alpha"))
    }
}
