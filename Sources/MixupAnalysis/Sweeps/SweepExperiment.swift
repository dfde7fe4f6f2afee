import MixupData
import MixupTraining

/// A table of the paper whose rows differ in the method only, as trainings with several seeds each.
///
/// ``layers`` is Table 5, ``alpha`` is Table 6, and ``blocking`` the ablation that the paper gives in
/// its text. In a folder every training is a run of its own, and a sweep that was stopped goes on.
public struct SweepExperiment: ResumableExperiment {
    /// The name that `manifold-mixup reproduce` knows it by.
    public let name: String
    /// What is swept, in one line.
    public let summary: String
    /// The rows of the table.
    public let variants: [SweepVariant]
    /// The data sets of the paper's table.
    let paperDatasets: [String]
    /// The number of seeds that fit into scale quick.
    let quickSeeds: Int
    /// The number of epochs in the paper.
    let paperEpochs: Int
    /// The epochs in the paper after which the learning rate falls to a tenth.
    let paperMilestones: [Int]
    /// The report's title.
    let title: String
    /// What is done, and what the paper says of it.
    let text: String
    /// What the paper says beyond the accuracy of each variant, and what was measured of it.
    let claims: @Sendable (SweepOutcome, [SweepVariant]) -> [PaperComparison]
    /// The pictures of what came out.
    let charts: @Sendable (SweepOutcome, [SweepVariant]) -> [Chart]

    /// Trains every variant with every seed.
    ///
    /// At scale quick that is on a part of CIFAR-10, or on the bundled digits if CIFAR-10 is not found;
    /// at smoke it is on the digits.
    ///
    /// - Returns: `nil` if it was asked to stop.
    /// - Throws: `DataError` for data sets that the scale needs and that are missing or damaged,
    ///   `SeriesError` for a folder with other trainings in it, and whatever a training throws.
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        folder: String?,
        shouldStop: () -> Bool,
        progress: (String) -> Void
    ) throws -> ExperimentResult? {
        let seeds = scale.seeds(seeds ?? (scale == .quick ? quickSeeds : nil))
        let protocols = try protocols(scale, dataDirectory: dataDirectory)
        var outcomes: [SweepOutcome] = []
        for part in protocols {
            guard
                let outcome = try outcome(
                    of: part,
                    seeds: seeds.count,
                    figures: scale == .paper ? .best : .last,
                    folder: folder.map { "\($0)/\(part.dataset)" },
                    shouldStop: shouldStop,
                    progress: progress
                )
            else { return nil }
            outcomes.append(outcome)
        }
        return SweepReport(
            experiment: self,
            scale: scale,
            seeds: seeds,
            outcomes: outcomes,
            notes: protocols.flatMap(\.notes)
        ).result
    }

    private func protocols(
        _ scale: ExperimentScale,
        dataDirectory: String?
    ) throws -> [SweepProtocol] {
        switch scale {
        case .smoke: [try .smoke()]
        case .quick: [try .quick(dataDirectory: dataDirectory)]
        case .paper:
            try paperDatasets.map { dataset in
                try .paper(
                    dataset,
                    epochs: paperEpochs,
                    milestones: paperMilestones,
                    dataDirectory: dataDirectory
                )
            }
        }
    }

    /// The longest time without a line of progress.
    private static let silence = Duration.seconds(300)

    private func outcome(
        of part: SweepProtocol,
        seeds: Int,
        figures: RunFigures.Kind,
        folder: String?,
        shouldStop: () -> Bool,
        progress: (String) -> Void
    ) throws -> SweepOutcome? {
        let series = try Series(
            variants: variants.map { variant in
                var recipe = part.recipe
                recipe.method = variant.method
                return (variant.name, recipe)
            },
            seeds: seeds
        )
        let (train, test) = (part.data.train, part.data.test)
        progress(
            "\(series.members.count) trainings of \(part.recipe.training.epochs) epochs on "
                + "\(train.count) examples of \(part.dataset)"
        )
        var lastLine = ContinuousClock.now
        let result = try series.run(
            in: folder,
            data: part.data,
            shouldStop: shouldStop,
            onStep: { number, trainer, report in
                // At scale paper a training takes hours, and should show that it lives.
                guard lastLine.duration(to: .now) >= Self.silence else { return }
                lastLine = .now
                let (epoch, epochs) = (report.position.epoch + 1, trainer.settings.epochs)
                progress("\(series.members[number].name): epoch \(epoch) of \(epochs)")
            },
            onEnd: { number, run, isNew in
                lastLine = .now
                let error = Summary([100 * run.figures[figures].error]).formatted(decimals: 2)
                let time =
                    isNew ? Summary([run.seconds]).formatted(decimals: 0) + " s" : "trained before"
                progress(
                    "\(number + 1)/\(series.members.count) \(run.name): test error \(error) %, \(time)"
                )
            }
        )
        guard let result else { return nil }
        return SweepOutcome(
            paperDataset: part.paperDataset,
            dataset: part.dataset,
            trainingCount: train.count,
            testCount: test.count,
            recipe: part.recipe,
            runs: zip(series.members, result.runs).map { member, run in
                SweepOutcome.Run(variant: member.variant, result: run)
            },
            figures: figures
        )
    }
}
