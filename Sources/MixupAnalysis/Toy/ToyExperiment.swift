import Foundation
import MixupTraining

/// The toy of Figures 1 and 2: two spirals, a network with a bottleneck of two units in the middle, and
/// seven ways to regularise it.
public struct ToyExperiment: Experiment {
    /// "toy".
    public let name = "toy"
    /// What is shown.
    public let summary = "Figures 1 and 2: boundaries and hidden spaces of two spirals, 7 methods."

    /// What replaces the settings of the scale, if anything.
    let settings: ToySettings?

    /// Creates the experiment.
    ///
    /// - Parameter settings: in place of those that a scale has.
    public init(settings: ToySettings? = nil) {
        self.settings = settings
    }

    /// Trains every method with every seed; it needs no data.
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        progress: (String) -> Void
    ) throws -> ExperimentResult {
        let settings = self.settings ?? ToySettings(scale)
        let seeds = scale.seeds(seeds)
        var runs: [ToyRun] = []
        var pictures: [(method: ComparedMethod, pictures: ToyPictures)] = []
        for method in ComparedMethod.allCases {
            for seed in seeds {
                let start = ContinuousClock.now
                let training = try ToyTraining(method, seed: seed, settings: settings)
                let looks = try ToyPictures(training)
                let measures = try ToyMeasures(training, pictures: looks)
                let time = (ContinuousClock.now - start) / .seconds(1)
                runs.append(ToyRun(method: method, seed: seed, seconds: time, measures: measures))
                if seed == seeds[0] { pictures.append((method, looks)) }
                let figures = String(
                    format: "test error %.1f %%, %.0f s",
                    100 * measures.testError,
                    time
                )
                progress("\(method.title), seed \(seed): \(figures)")
            }
        }
        let report = ToyReport(
            settings: settings,
            scale: scale,
            seeds: seeds,
            runs: runs,
            pictures: pictures
        )
        return report.result
    }
}

/// The measures of one training.
public struct ToyRun: Sendable, Codable, Equatable {
    /// The method.
    public let method: ComparedMethod
    /// The seed.
    public let seed: UInt64
    /// How long training and measuring took.
    public let seconds: Double
    /// What was measured.
    public let measures: ToyMeasures
}

/// The numbers of the whole experiment.
struct ToyNumbers: Encodable {
    let settings: ToySettings
    let runs: [ToyRun]
}
