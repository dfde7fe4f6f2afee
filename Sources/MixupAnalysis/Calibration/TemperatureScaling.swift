import Foundation

/// One number that all logits are divided by, chosen so that the likelihood is greatest (Guo et al.,
/// 2017). It changes confidences, and no prediction.
public struct TemperatureScaling: Sendable, Codable, Equatable {
    /// The temperature; above 1 makes probabilities more even.
    public let temperature: Double

    /// Where the temperature is looked for.
    ///
    /// Its best value is 0 where every example is right, and infinite where guessing is better than the
    /// model; then the end of the range is taken.
    public static let range = 0.01...100.0

    /// Takes a temperature that is known.
    public init(temperature: Double) {
        self.temperature = temperature
    }

    /// Fits the temperature to examples that the model was not trained on.
    ///
    /// The mean NLL is convex in β = 1 / T, with the slope E[Σ p_c z_c − z_y] and the curvature
    /// E[Var_p z]: Newton's method, and a bisection where it leaves what is left of the range.
    public init(fittedTo examples: LabelledProbabilities) {
        var (low, high) = (1 / Self.range.upperBound, 1 / Self.range.lowerBound)
        let (atLow, atHigh) = (Self.slope(examples, low).slope, Self.slope(examples, high).slope)
        guard atLow < 0, atHigh > 0 else {
            temperature = atLow >= 0 ? 1 / low : 1 / high
            return
        }
        var inverse = 1.0
        for _ in 0..<200 {
            let (slope, curvature) = Self.slope(examples, inverse)
            if slope < 0 { low = inverse } else { high = inverse }
            let newton = inverse - slope / curvature
            let next = newton > low && newton < high ? newton : (low + high) / 2
            let change = (next - inverse).magnitude
            inverse = next
            if slope == 0 || change <= 1e-12 * inverse { break }
        }
        temperature = 1 / inverse
    }

    /// The probabilities at this temperature.
    public func callAsFunction(_ examples: LabelledProbabilities) throws -> LabelledProbabilities {
        try LabelledProbabilities(
            examples.probabilities.tempered(temperature),
            labels: examples.labels
        )
    }

    private static func slope(
        _ examples: LabelledProbabilities,
        _ inverse: Double
    ) -> (slope: Double, curvature: Double) {
        let logits = examples.probabilities.logits
        let tempered = examples.probabilities.tempered(1 / inverse)
        var (slope, curvature) = (0.0, 0.0)
        for (example, label) in examples.labels.enumerated() {
            let row = tempered.row(example)
            let mean = row.reduce(0) { $0 + exp(tempered.logarithms[$1]) * logits[$1] }
            slope += mean - logits[row.lowerBound + label]
            curvature += row.reduce(0) {
                $0 + exp(tempered.logarithms[$1]) * (logits[$1] - mean) * (logits[$1] - mean)
            }
        }
        let count = Double(examples.labels.count)
        return (slope / count, curvature / count)
    }
}
