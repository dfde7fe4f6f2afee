import ManifoldMixup
import MixupTraining

/// How the robustness experiment is shown.
struct RobustnessReport {
    /// What was measured on one data set.
    struct Part {
        let `protocol`: SweepProtocol
        let runs: [RobustnessRun]

        /// A number over the seeds of a variant.
        func summary(_ variant: SweepVariant, _ number: (RobustnessRun) -> Double) -> Summary {
            Summary(runs.filter { $0.variant == variant.name }.map(number))
        }

        /// The accuracy in percent over the seeds of a variant.
        func accuracy(_ variant: SweepVariant, _ score: (RobustnessRun) -> Score) -> Summary {
            summary(variant) { 100 * score($0).accuracy }
        }
    }

    let scale: ExperimentScale
    let seeds: [UInt64]
    let settings: RobustnessSettings
    let parts: [Part]

    var variants: [SweepVariant] { RobustnessExperiment.variants }

    /// The whole report.
    var result: ExperimentResult {
        ExperimentResult(
            name: "robustness",
            title: "Deformed, attacked and mixed test images (Tables 4, 7 and 9, and calibration)",
            summary: """
                Networks that differ in the way of mixing only, on test images that their training has \
                not seen the like of. The paper reports that Manifold Mixup withstands most deformations \
                and one step of an attack better than Input Mixup and no mixing, but not many steps; \
                calibration is not in the paper.
                """,
            scale: scale,
            seeds: seeds,
            sections: [comparison] + parts.flatMap(sections) + [finePrint],
            numbers: Numbers(
                settings: settings,
                parts: parts.map {
                    Numbers.Part(
                        dataset: $0.protocol.dataset,
                        recipe: $0.protocol.recipe,
                        runs: $0.runs
                    )
                }
            )
        )
    }

    private struct Numbers: Encodable {
        struct Part: Encodable {
            let dataset: String
            let recipe: Recipe
            let runs: [RobustnessRun]
        }

        let settings: RobustnessSettings
        let parts: [Part]
    }

    private func sections(_ part: Part) -> [ReportSection] {
        [deformations(part), attacks(part), calibration(part), offTheData(part)]
    }

    /// The colour of a variant in every chart.
    func colour(_ variant: SweepVariant) -> ChartColour {
        switch variant.name {
        case "none": .black
        case "input-mixup": .sky
        default: .red
        }
    }

    /// The seeds in words, for captions.
    var spread: String { "Mean over the seeds; whiskers: standard deviation." }

    // MARK: - Beside the paper

    private var comparison: ReportSection {
        let rows = parts.flatMap { part in
            let place = parts.count > 1 ? "\(part.protocol.dataset), " : ""
            func gain(_ percentage: (RobustnessRun) -> Double) -> String {
                let (none, manifold) = (variants[0], variants[2])
                return "\(part.summary(none, percentage).formatted(decimals: 1)) → "
                    + part.summary(manifold, percentage).formatted(decimals: 1)
            }
            func percentage(_ result: Robustness) -> Double {
                100 * (result.rows.first?.score.accuracy ?? .nan)
            }
            return [
                PaperComparison(
                    place + "deformations of 17 on which Manifold Mixup has the best mean accuracy",
                    paper: "13 (Table 9)",
                    measured: "\(deformationsWon(part)) of \(Deformation.paper.count)"
                ),
                PaperComparison(
                    place + "accuracy under FGSM, no mixing → Manifold Mixup (%)",
                    paper: "36.32 → 77.50 (Table 7, CIFAR-10, ε not printed)",
                    measured: gain(\.accuracyUnderAuthorsStep) + " (ε = 0.03, authors' gradient)"
                ),
                PaperComparison(
                    place + "accuracy under ten steps (PGD), no mixing → Manifold Mixup (%)",
                    paper: "no significant gain (text)",
                    measured: gain { percentage($0.manySteps) } + " (8 of 255 levels)"
                ),
                PaperComparison(
                    place + "accuracy without a bound, no mixing → Manifold Mixup (%)",
                    paper: "0 with Manifold Mixup (appendix D)",
                    measured: gain { percentage($0.unbounded) }
                ),
            ]
        }
        return ReportSection(
            "Beside the paper",
            tables: [
                ReportTable(
                    rows,
                    seeds: seeds.count,
                    command: ExperimentResult.command(
                        name: "robustness",
                        scale: scale,
                        seedCount: seeds.count
                    )
                )
            ]
        )
    }

    // MARK: - Deformations

    private func scores(_ variant: SweepVariant, _ part: Part) -> [Summary] {
        Deformation.paper.indices.map { row in
            part.accuracy(variant) { $0.deformations.rows[row].score }
        }
    }

    private func deformationsWon(_ part: Part) -> Int {
        let means = variants.map { scores($0, part).map(\.mean) }
        return Deformation.paper.indices.count { row in
            means.dropLast().allSatisfy { $0[row] < means[means.count - 1][row] }
        }
    }

    private func deformations(_ part: Part) -> ReportSection {
        let titles = Deformation.paper.map(\.description)
        var table = Table(
            [Table.Column("images")]
                + variants.map { Table.Column("\($0.title) (%)", .right) }
                + ["none", "input α=1", "manifold α=2"].map {
                    Table.Column("paper: \($0) (%)", .right)
                }
        )
        table.append(
            ["as they are"]
                + variants.map { variant in
                    part.accuracy(variant) { $0.deformations.clean }.formatted(decimals: 1)
                }
        )
        for (row, deformation) in Deformation.paper.enumerated() {
            let paper = deformation.paperAccuracies.map {
                [$0.noMixup, $0.inputMixup, $0.manifoldMixup]
            }
            table.append(
                [titles[row]]
                    + variants.map { scores($0, part)[row].formatted(decimals: 1) }
                    + (paper ?? []).map { Summary([$0]).formatted(decimals: 2) }
            )
        }
        return ReportSection(
            "Deformed images of \(part.protocol.dataset)",
            charts: [
                Chart(
                    "Accuracy on deformed test images",
                    caption: """
                        Look for the bars of Manifold Mixup being the highest of their group, except at \
                        the strongest zooms, where the paper has them lower, too. \(spread)
                        """,
                    x: ChartAxis("deformation"),
                    y: ChartAxis("test accuracy (%)"),
                    layers: variants.map { variant in
                        let scores = scores(variant, part)
                        return .bars(
                            variant.title,
                            categories: titles,
                            values: scores.map { $0.mean },
                            errors: scores.map(\.standardDeviation),
                            colour: colour(variant)
                        )
                    }
                )
            ],
            tables: [
                ReportTable(
                    "deformations-\(part.protocol.dataset)",
                    title: "Test accuracy on deformed images",
                    caption: """
                        The paper's are of PreActResNet-34 on CIFAR-100. Its angles and percentages are \
                        those of its authors' code: a zoom below 100 % enlarges, what is outside is \
                        filled with the mean colour, and the nearest pixel is taken.
                        """,
                    table
                )
            ]
        )
    }

    // MARK: - Fine print

    private var finePrint: ReportSection {
        ReportSection(
            "Fine print",
            notes: parts.flatMap(\.protocol.notes) + [
                """
                Measured on evenly spaced test examples, at most \(settings.deformedImages) for \
                deformations, \(settings.attackedImages) for one step, \(settings.manyStepImages) for \
                ten, \(settings.unboundedImages) without a bound (\(settings.unboundedSteps) steps of \
                0.01 on the normalised input). Every network meets the same examples, angles and starts.
                """,
                """
                The paper's ε is not printed. 0.03 on the normalised input, not clamped, along the \
                gradient of the binary cross entropy, is in its authors' code of 2018: about 1.9 of 255 \
                levels on CIFAR-10. The usual budget of 8 levels is larger.
                """,
                """
                A network that withstands one step but not many has gradients that mislead, not a \
                boundary that is far away; without a bound every network must fall.
                """,
            ]
        )
    }
}
