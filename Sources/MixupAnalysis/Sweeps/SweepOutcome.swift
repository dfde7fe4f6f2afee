import MixupTraining

/// What came out of all variants on one data set.
public struct SweepOutcome: Sendable, Encodable {
    /// The training of one variant with one seed.
    public struct Run: Sendable, Encodable {
        /// The variant's name.
        public let variant: String
        /// What came out.
        public let result: SeriesResult.Run
    }

    /// The data set of the paper that it stands beside.
    public let paperDataset: String
    /// The data set that was trained on.
    public let dataset: String
    /// The number of training examples.
    public let trainingCount: Int
    /// The number of test examples.
    public let testCount: Int
    /// The recipe of all trainings, but for the method and the seed.
    public let recipe: Recipe
    /// The trainings, by variant and seed.
    public let runs: [Run]
    /// Which epoch is reported.
    let figures: RunFigures.Kind

    enum CodingKeys: String, CodingKey {
        case paperDataset = "paper_data_set"
        case dataset = "data_set"
        case trainingCount = "training_examples"
        case testCount = "test_examples"
        case recipe, runs
    }

    /// The results of a variant by seed.
    private func results(_ variant: SweepVariant) -> [RunFigures.Result] {
        runs.filter { $0.variant == variant.name }.map { $0.result.figures[figures] }
    }

    /// Test accuracies in percent over the seeds.
    func accuracy(_ variant: SweepVariant) -> Summary {
        Summary(results(variant).map { 100 * (1 - $0.error) })
    }

    /// Test negative log likelihoods over the seeds.
    func negativeLogLikelihood(_ variant: SweepVariant) -> Summary {
        Summary(results(variant).map { $0.negativeLogLikelihood ?? .nan })
    }

    /// By how many percentage points `variant` is more accurate than `other`, seed by seed: with equal
    /// seeds both begin with the same weights and see the same minibatches.
    func gain(_ variant: SweepVariant, over other: SweepVariant) -> Summary {
        Summary(zip(results(variant), results(other)).map { 100 * ($1.error - $0.error) })
    }
}
