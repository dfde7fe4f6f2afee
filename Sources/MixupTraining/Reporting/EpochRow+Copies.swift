// The row of an epoch, as other files than metrics.jsonl have it.
extension EpochRow {
    /// Whether there is a result on the test set.
    var isEvaluated: Bool { testError != nil }

    /// The columns of a run's `summary.csv`, named as the keys of `metrics.jsonl`.
    static let titles = [
        CodingKeys.epoch, .step, .trainingLoss, .learningRate, .validationError,
        .validationNegativeLogLikelihood, .testError, .testNegativeLogLikelihood,
        .testTopFiveError,
    ].map(\.stringValue)

    /// The row in these columns.
    var cells: [String] {
        ["\(epoch)", "\(step)"]
            + [
                trainingLoss, learningRate, validationError, validationNegativeLogLikelihood,
                testError, testNegativeLogLikelihood, testTopFiveError,
            ].map(CSV.cell)
    }

    /// The row as TensorBoard's curves.
    var scalars: [(tag: String, value: Double)] {
        let curves: [(tag: String, value: Double?)] = [
            ("train/loss", trainingLoss), ("train/learning_rate", learningRate),
            ("validation/error", validationError),
            ("validation/nll", validationNegativeLogLikelihood),
            ("test/error", testError), ("test/nll", testNegativeLogLikelihood),
            ("test/top5_error", testTopFiveError),
        ]
        return curves.compactMap { curve in curve.value.map { (curve.tag, $0) } }
    }
}
