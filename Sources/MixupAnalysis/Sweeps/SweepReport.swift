import MixupTraining

/// How a sweep is shown.
struct SweepReport {
    let experiment: SweepExperiment
    let scale: ExperimentScale
    let seeds: [UInt64]
    let outcomes: [SweepOutcome]
    /// What is said of the protocols.
    let notes: [String]

    /// The whole report.
    var result: ExperimentResult {
        ExperimentResult(
            name: experiment.name,
            title: experiment.title,
            summary: experiment.text,
            scale: scale,
            seeds: seeds,
            sections: outcomes.map(section) + [comparison, finePrint],
            numbers: Numbers(variants: experiment.variants, outcomes: outcomes)
        )
    }

    private struct Numbers: Encodable {
        let variants: [SweepVariant]
        let outcomes: [SweepOutcome]
    }

    private func section(_ outcome: SweepOutcome) -> ReportSection {
        ReportSection(
            "Trained on \(outcome.dataset)",
            text: """
                \(outcome.trainingCount) training and \(outcome.testCount) test examples, \
                \(outcome.recipe.model.name.rawValue), \(outcome.recipe.training.epochs) epochs.
                """,
            charts: experiment.charts(outcome, experiment.variants),
            tables: [table(outcome)]
        )
    }

    private func table(_ outcome: SweepOutcome) -> ReportTable {
        var table = Table([
            Table.Column("method"), Table.Column("test accuracy (%)", .right),
            Table.Column("over no mixing (points)", .right), Table.Column("test NLL", .right),
            Table.Column("seeds", .right),
        ])
        for variant in experiment.variants {
            let accuracy = outcome.accuracy(variant)
            let gain = experiment.variants.first(where: \.isBaseline).map {
                outcome.gain(variant, over: $0).signed
            }
            table.append([
                variant.title, accuracy.formatted(decimals: 2),
                variant.isBaseline ? "" : gain ?? "",
                outcome.negativeLogLikelihood(variant).formatted(decimals: 4),
                "\(accuracy.count)",
            ])
        }
        return ReportTable(
            "results-\(outcome.dataset)",
            title: "What was measured on \(outcome.dataset)",
            caption: """
                Mean ± standard deviation over the seeds, \(epochInWords). The difference to no mixing \
                is taken seed by seed.
                """,
            table
        )
    }

    private var epochInWords: String {
        scale == .paper
            ? "of the best epoch, chosen on the test set as in the paper" : "of the last epoch"
    }

    private var comparison: ReportSection {
        let rows = outcomes.flatMap { outcome in
            let place = outcomes.count > 1 ? "\(outcome.dataset), " : ""
            let accuracies = experiment.variants.map { variant in
                PaperComparison(
                    "test accuracy (%), \(variant.title)",
                    paper: variant.paper[outcome.paperDataset].map {
                        Summary([$0]).formatted(decimals: 2)
                    } ?? "not given",
                    measured: outcome.accuracy(variant).formatted(decimals: 2)
                )
            }
            return (accuracies + experiment.claims(outcome, experiment.variants)).map {
                PaperComparison(place + $0.quantity, paper: $0.paper, measured: $0.measured)
            }
        }
        return ReportSection(
            "Beside the paper",
            text: scale == .paper
                ? ""
                : """
                The accuracies themselves cannot be compared with the paper's, which come from a wider \
                network, more images and many more epochs; the differences between the rows can.
                """,
            tables: [
                ReportTable(
                    rows,
                    seeds: seeds.count,
                    command: ExperimentResult.command(
                        name: experiment.name,
                        scale: scale,
                        seedCount: seeds.count
                    )
                )
            ]
        )
    }

    private var finePrint: ReportSection {
        var notes = notes
        notes.append(
            """
            The paper: PreActResNet-18 on all 50,000 training images, \(experiment.paperEpochs) epochs, \
            learning rate × 0.1 after \
            \(experiment.paperMilestones.map(String.init).joined(separator: " and ")), the best epoch \
            on the test set; it does not give the number of repetitions for these figures.
            """
        )
        notes.append(
            """
            A seed decides the first weights, the order of the examples, and all draws of the method, \
            each from a stream of its own: trainings with the same seed differ in nothing but the \
            method. Every seed trains on the same images.
            """
        )
        return ReportSection("Fine print", notes: notes)
    }
}

extension Summary {
    /// With a sign before the mean, as differences have it.
    var signed: String { (mean > 0 ? "+" : "") + formatted(decimals: 2) }
}
