import ManifoldMixup
import MixupTraining

extension RobustnessReport {
    /// Accuracy against confidence, and the numbers that sum it up.
    func calibration(_ part: Part) -> ReportSection {
        var table = Table(
            [Table.Column("measure")] + variants.map { Table.Column($0.title, .right) }
        )
        let rows: [(String, Int, (CalibrationReport) -> Double)] = [
            ("error (%)", 2, { 100 * $0.test.error }),
            ("NLL", 4, { $0.test.negativeLogLikelihood }),
            ("Brier score", 4, { $0.test.brierScore }),
            ("mean confidence (%)", 2, { 100 * $0.test.meanConfidence }),
            ("ECE, equal width (%)", 2, { 100 * $0.test.equalWidth.expectedCalibrationError }),
            ("ECE, equal mass (%)", 2, { 100 * $0.test.equalMass.expectedCalibrationError }),
            ("temperature", 3, { $0.tempered?.temperature ?? .nan }),
            ("NLL with temperature", 4, { $0.tempered?.after.negativeLogLikelihood ?? .nan }),
            (
                "ECE with temperature (%)", 2,
                { 100 * ($0.tempered?.after.equalWidth.expectedCalibrationError ?? .nan) }
            ),
        ]
        for (title, decimals, number) in rows {
            table.append(
                [title]
                    + variants.map { variant in
                        part.summary(variant) { number($0.calibration) }
                            .formatted(decimals: decimals)
                    }
            )
        }
        return ReportSection(
            "Calibration on \(part.protocol.dataset)",
            charts: [reliability(part)] + interpolation(part),
            tables: [
                ReportTable(
                    "calibration-\(part.protocol.dataset)",
                    title: "How far probabilities can be believed",
                    caption: """
                        On the whole test set; the temperature is fitted to every second test example \
                        and judged on the others. Mean ± standard deviation over the seeds.
                        """,
                    table
                )
            ]
        )
    }

    /// The bins of all seeds together.
    private func reliability(_ part: Part) -> Chart {
        Chart(
            "Reliability",
            caption: """
                On the diagonal confidence and accuracy agree; below it the network is too sure of \
                itself, above it not sure enough. Fifteen bins of equal width, all seeds together.
                """,
            x: ChartAxis("confidence (probability)", range: 0...1),
            y: ChartAxis("accuracy (share)", range: 0...1),
            shape: .square,
            layers: [.line("as sure as right", x: [0, 1], y: [0, 1], colour: .yellow)]
                + variants.map { variant in
                    let diagrams = part.runs.filter { $0.variant == variant.name }
                        .map(\.calibration.test.equalWidth)
                    let bins = (0..<(diagrams.first?.bins.count ?? 0)).compactMap {
                        number -> (confidence: Double, accuracy: Double)? in
                        let bins = diagrams.map { $0.bins[number] }
                        let count = Double(bins.reduce(0) { $0 + $1.count })
                        guard count > 0 else { return nil }
                        func mean(_ value: (ReliabilityDiagram.Bin) -> Double?) -> Double {
                            bins.reduce(0) { $0 + Double($1.count) * (value($1) ?? 0) } / count
                        }
                        return (mean(\.confidence), mean(\.accuracy))
                    }
                    return .line(
                        variant.title,
                        x: bins.map(\.confidence),
                        y: bins.map(\.accuracy),
                        colour: colour(variant)
                    )
                }
        )
    }

    /// The NLL against λ at the boundaries that Manifold Mixup draws from.
    private func interpolation(_ part: Part) -> [Chart] {
        let boundaries = variants.last?.method.layers ?? []
        return boundaries.map { boundary in
            Chart(
                boundary == 0
                    ? "Mixed test images (boundary 0)"
                    : "Mixed hidden states (boundary \(boundary))",
                caption: """
                    Low and flat is a network that interpolates as its labels do. No mixing should \
                    bulge in the middle. \(spread)
                    """,
                x: ChartAxis("λ (weight of the example itself)"),
                y: ChartAxis("NLL on the mixed labels (nats)"),
                shape: .square,
                layers: variants.map { variant in
                    let lambdas = part.runs[0].calibration.settings.lambdas
                    let values = lambdas.indices.map { index in
                        part.summary(variant) {
                            $0.calibration.interpolation[boundary].points[index]
                                .negativeLogLikelihood
                        }
                    }
                    return .line(
                        variant.title,
                        x: lambdas,
                        y: values.map { $0.mean },
                        errors: values.map(\.standardDeviation),
                        colour: colour(variant)
                    )
                }
            )
        }
    }

    /// How sure the networks are of inputs that are no examples.
    func offTheData(_ part: Part) -> ReportSection {
        let sources = part.runs.first?.calibration.confidences.map(\.source) ?? []
        return ReportSection(
            "Confidence on and off the data, \(part.protocol.dataset)",
            charts: [
                Chart(
                    "Mean confidence",
                    caption: """
                        Half-way between two classes no class deserves more than about ½, and on noise \
                        less: lower is more honest everywhere but on the test set. \(spread)
                        """,
                    x: ChartAxis("inputs"),
                    y: ChartAxis("mean confidence (%)", range: 0...105),
                    layers: variants.map { variant in
                        let values = sources.indices.map { index in
                            part.summary(variant) {
                                100 * $0.calibration.confidences[index].meanConfidence
                            }
                        }
                        return .bars(
                            variant.title,
                            categories: sources,
                            values: values.map { $0.mean },
                            errors: values.map(\.standardDeviation),
                            colour: colour(variant)
                        )
                    }
                )
            ]
        )
    }
}
