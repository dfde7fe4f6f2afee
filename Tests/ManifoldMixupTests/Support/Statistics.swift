import Foundation

/// Statistics for tests of what is drawn at random. All critical values are for p = 0.001.
enum Statistics {
    /// The distribution function of Beta(α, α), by the continued fraction of the regularised
    /// incomplete beta function (DLMF 8.17.22).
    static func symmetricBetaCDF(_ x: Double, alpha a: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        guard x <= 0.5 else { return 1 - symmetricBetaCDF(1 - x, alpha: a) }
        var fraction = 1.0
        for n in stride(from: 80, through: 1, by: -1) {
            let m = Double(n / 2)
            let coefficient =
                n.isMultiple(of: 2)
                ? m * (a - m) / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (2 * a + m) / ((a + 2 * m) * (a + 2 * m + 1))
            fraction = 1 + coefficient * x / fraction
        }
        let beta = tgamma(a) * tgamma(a) / tgamma(2 * a)
        return pow(x * (1 - x), a) / (a * beta * fraction)
    }

    /// The Kolmogorov–Smirnov statistic: the largest distance between the empirical distribution
    /// function and `cdf`.
    static func kolmogorovSmirnov(_ sample: [Double], _ cdf: (Double) -> Double) -> Double {
        let count = Double(sample.count)
        return sample.sorted().enumerated().reduce(0) { largest, next in
            let expected = cdf(next.element)
            let below = expected - Double(next.offset) / count
            let above = Double(next.offset + 1) / count - expected
            return max(largest, below, above)
        }
    }

    /// What the Kolmogorov–Smirnov statistic exceeds with probability 0.001.
    static func kolmogorovSmirnovLimit(_ count: Int) -> Double {
        let root = Double(count).squareRoot()
        return 1.9495 / (root + 0.12 + 0.11 / root)
    }

    /// Pearson's statistic of counts against the probabilities that they should have.
    static func chiSquare(_ counts: [Int], probabilities: [Double]) -> Double {
        let total = Double(counts.reduce(0, +))
        return zip(counts, probabilities).reduce(0) { sum, next in
            let expected = total * next.1
            return sum + (Double(next.0) - expected) * (Double(next.0) - expected) / expected
        }
    }

    /// What Pearson's statistic exceeds with probability 0.001, by degrees of freedom.
    static let chiSquareLimit = [1: 10.828, 2: 13.816, 3: 16.266, 4: 18.467, 5: 20.515]

    /// Mean and variance.
    static func moments(_ sample: [Double]) -> (mean: Double, variance: Double) {
        let count = Double(sample.count)
        let mean = sample.reduce(0, +) / count
        let squares = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / (count - 1))
    }
}
