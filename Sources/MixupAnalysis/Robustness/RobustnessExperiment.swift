import Foundation
import MixupData
import MixupTraining

/// Tables 4, 7 and 9 of the paper, and calibration: networks trained without mixing, with Input Mixup
/// and with Manifold Mixup, on test images that were deformed, attacked or mixed.
public struct RobustnessExperiment: ResumableExperiment {
    /// "robustness".
    public let name = "robustness"
    /// What is measured.
    public let summary =
        "Tables 4, 7, 9 and calibration: deformed, attacked, mixed images, 3 methods."

    static let variants = [
        SweepVariant.noMixing("No mixing", paper: [:]),
        SweepVariant("input-mixup", "Input Mixup", Recipe.Method(name: .inputMixup), paper: [:]),
        SweepVariant(
            "manifold-mixup",
            "Manifold Mixup",
            Recipe.Method(name: .manifoldMixup, alpha: 2, layers: [0, 1, 2]),
            paper: [:]
        ),
    ]

    /// What replaces the settings of the scale, if anything.
    let settings: RobustnessSettings?

    /// Creates the experiment.
    ///
    /// - Parameter settings: in place of those that a scale has.
    public init(settings: RobustnessSettings? = nil) {
        self.settings = settings
    }

    /// Trains what is not trained yet, and measures every network.
    ///
    /// At scale quick that is on a part of CIFAR-10, or on the bundled digits if CIFAR-10 is not found;
    /// at smoke it is on the digits, and at paper on CIFAR-10 (PreActResNet-18) and CIFAR-100
    /// (PreActResNet-34).
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        folder: String?,
        shouldStop: () -> Bool,
        progress: (String) -> Void
    ) throws -> ExperimentResult? {
        let settings = self.settings ?? RobustnessSettings(scale)
        let seeds = scale.seeds(seeds)
        let protocols: [SweepProtocol] =
            switch scale {
            case .smoke: [try .smoke()]
            case .quick: [try .quick(dataDirectory: dataDirectory)]
            case .paper:
                try [("cifar-10", "preact-resnet-18"), ("cifar-100", "preact-resnet-34")].map {
                    try .paper(
                        $0,
                        network: $1,
                        epochs: 1200,
                        milestones: [400, 800],
                        dataDirectory: dataDirectory
                    )
                }
            }
        let temporary = FileManager.default.temporaryDirectory
            .appendingPathComponent("manifold-mixup-" + UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        var parts: [RobustnessReport.Part] = []
        for part in protocols {
            let runs = try measuredRuns(
                of: part,
                seeds: seeds.count,
                folder: "\(folder ?? temporary)/\(part.dataset)",
                settings: settings,
                shouldStop: shouldStop,
                progress: progress
            )
            guard let runs else { return nil }
            parts.append(RobustnessReport.Part(protocol: part, runs: runs))
        }
        return RobustnessReport(scale: scale, seeds: seeds, settings: settings, parts: parts).result
    }

    private func measuredRuns(
        of part: SweepProtocol,
        seeds: Int,
        folder: String,
        settings: RobustnessSettings,
        shouldStop: () -> Bool,
        progress: (String) -> Void
    ) throws -> [RobustnessRun]? {
        let series = try Series(
            variants: Self.variants.map { variant in
                var recipe = part.recipe
                recipe.method = variant.method
                return (variant.name, recipe)
            },
            seeds: seeds
        )
        let trained = try series.run(
            in: folder,
            data: part.data,
            shouldStop: shouldStop,
            onEnd: { number, run, _ in
                let error = String(format: "%.2f", 100 * run.figures.last.error)
                progress(
                    "trained \(number + 1)/\(series.members.count), \(run.name): test error \(error) %"
                )
            }
        )
        guard trained != nil else { return nil }
        var runs: [RobustnessRun] = []
        for member in series.members {
            guard !shouldStop() else { return nil }
            let model = try TrainedModel(run: "\(folder)/\(member.name)").model
            let run = try RobustnessRun(
                variant: member.variant,
                seed: member.recipe.training.seed,
                model,
                data: part.data,
                precision: part.recipe.training.precision,
                settings: settings
            )
            runs.append(run)
            let accuracy = String(format: "%.1f", run.accuracyUnderAuthorsStep)
            progress(
                "measured \(runs.count)/\(series.members.count), \(member.name): accuracy "
                    + "\(accuracy) % under FGSM, ε = 0.03"
            )
        }
        return runs
    }
}
