import Foundation
import MixupData
import MixupTraining

/// The singular values of section 3.2 and appendix G: how Manifold Mixup flattens the classes of MNIST
/// in a hidden layer, beside four other trainings.
public struct FlatteningExperiment: Experiment {
    /// "flattening".
    public let name = "flattening"
    /// What is measured.
    public let summary =
        "Section 3.2: singular values of MNIST's classes in a hidden layer, 5 methods."

    /// What replaces the settings of the scale, if anything.
    let settings: FlatteningSettings?

    /// Creates the experiment.
    ///
    /// - Parameter settings: in place of those that a scale has.
    public init(settings: FlatteningSettings? = nil) {
        self.settings = settings
    }

    /// Trains every network with the methods that the paper compares on it and every seed; it needs
    /// MNIST, but at `smoke` nothing.
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        progress: (String) -> Void
    ) throws -> ExperimentResult {
        let settings = self.settings ?? FlatteningSettings(scale)
        let data = try settings.loadData(dataDirectory: dataDirectory)
        let seeds = scale.seeds(seeds)
        var runs: [FlatteningRun] = []
        for network in FlatteningNetwork.allCases {
            for method in network.methods {
                for seed in seeds {
                    let run = try FlatteningRun(
                        network,
                        method,
                        seed: seed,
                        data: data,
                        settings: settings
                    )
                    runs.append(run)
                    let figures = String(
                        format: "largest %.1f, others %.1f, test error %.1f %%, %.0f s",
                        run.measures.largest,
                        run.measures.sumOfOthers,
                        100 * run.measures.testError,
                        run.seconds
                    )
                    progress("\(network.title), \(method.title), seed \(seed): \(figures)")
                }
            }
        }
        return FlatteningReport(
            settings: settings,
            scale: scale,
            seeds: seeds,
            testCount: data.test.count,
            trainCount: data.train.count,
            runs: runs
        ).result
    }
}

/// The numbers of the whole experiment.
struct FlatteningNumbers: Encodable {
    let settings: FlatteningSettings
    let runs: [FlatteningRun]
}
