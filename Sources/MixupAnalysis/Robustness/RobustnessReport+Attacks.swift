import ManifoldMixup
import MixupTraining

extension RobustnessReport {
    /// Accuracy against ε, and under each attack.
    func attacks(_ part: Part) -> ReportSection {
        let radii = RobustnessSettings.radii
        return ReportSection(
            "Attacked images of \(part.protocol.dataset)",
            charts: [
                Chart(
                    "One step along the sign of the gradient (FGSM)",
                    caption: """
                        Look how fast the curves fall: the paper has Manifold Mixup above Input Mixup, \
                        and both far above no mixing. \(spread)
                        """,
                    x: ChartAxis("ε (units of the normalised input)"),
                    y: ChartAxis("test accuracy (%)"),
                    shape: .square,
                    layers: variants.map { variant in
                        let scores =
                            [part.accuracy(variant) { $0.singleSteps.clean }]
                            + radii.indices.map { row in
                                part.accuracy(variant) { $0.singleSteps.rows[row].score }
                            }
                        return .line(
                            variant.title,
                            x: [0] + radii,
                            y: scores.map { $0.mean },
                            errors: scores.map(\.standardDeviation),
                            colour: colour(variant)
                        )
                    }
                )
            ],
            tables: [attackTable(part)]
        )
    }

    private func attackTable(_ part: Part) -> ReportTable {
        var table = Table(
            [
                Table.Column("attack"), Table.Column("ε", .right), Table.Column("units"),
                Table.Column("gradient of"), Table.Column("images", .right),
            ] + variants.map { Table.Column("\($0.title) (%)", .right) }
        )
        for result in [\RobustnessRun.singleSteps, \.manySteps, \.unbounded] {
            guard let first = part.runs.first?[keyPath: result] else { continue }
            for (row, entry) in first.rows.enumerated() {
                let attack = entry.attack
                table.append(
                    [
                        attack.name, attack.epsilon.map { "\($0)" } ?? "none",
                        attack.units == .pixels ? "levels of 255" : "normalised input",
                        attack.loss == .softCrossEntropy ? "cross entropy" : "authors' loss",
                        "\(first.clean.count)",
                    ]
                        + variants.map { variant in
                            part.accuracy(variant) { $0[keyPath: result].rows[row].score }
                                .formatted(decimals: 1)
                        }
                )
            }
        }
        return ReportTable(
            "attacks-\(part.protocol.dataset)",
            title: "Test accuracy under attacks",
            caption: "Ten steps start at random within the bound and are 2 levels long.",
            table
        )
    }
}
