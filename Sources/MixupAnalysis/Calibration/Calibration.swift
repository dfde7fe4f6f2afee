/// How far a classifier's probabilities can be believed.
public struct Calibration: Sendable, Codable, Equatable {
    /// The number of examples.
    public let count: Int
    /// The share of examples whose most probable class is wrong, in 0...1.
    public let error: Double
    /// The mean negative log likelihood of the true class, natural logarithm.
    public let negativeLogLikelihood: Double
    /// Brier's score, 0...2; see ``LabelledProbabilities/brierScore``.
    public let brierScore: Double
    /// The mean probability of the most probable class.
    public let meanConfidence: Double
    /// Accuracy against confidence, in bins of equal width.
    public let equalWidth: ReliabilityDiagram
    /// The same in bins of equal mass.
    public let equalMass: ReliabilityDiagram

    enum CodingKeys: String, CodingKey {
        case count, error
        case negativeLogLikelihood = "nll"
        case brierScore = "brier"
        case meanConfidence = "mean_confidence"
        case equalWidth = "equal_width"
        case equalMass = "equal_mass"
    }

    /// Measures it.
    ///
    /// - Parameters:
    ///   - examples: what the classifier says, and what is true.
    ///   - binCount: the number of bins, from 1.
    /// - Throws: `MixupError` for no bins.
    public init(_ examples: LabelledProbabilities, binCount: Int = 15) throws {
        let confidences = examples.probabilities.confidences
        let hits = examples.hits
        count = hits.count
        error = 1 - Double(hits.count { $0 }) / Double(hits.count)
        negativeLogLikelihood = examples.negativeLogLikelihood
        brierScore = examples.brierScore
        meanConfidence = confidences.reduce(0, +) / Double(confidences.count)
        equalWidth = try ReliabilityDiagram(examples, .equalWidth, binCount: binCount)
        equalMass = try ReliabilityDiagram(examples, .equalMass, binCount: binCount)
    }
}
