import Foundation
import ManifoldMixup
import MixupTraining

/// How the flattening experiment is shown.
struct FlatteningReport {
    let settings: FlatteningSettings
    let scale: ExperimentScale
    let seeds: [UInt64]
    let testCount: Int
    let trainCount: Int
    let runs: [FlatteningRun]

    /// The whole report.
    var result: ExperimentResult {
        ExperimentResult(
            name: "flattening",
            title: "Flattened classes: singular values of hidden states (section 3.2, appendix G)",
            summary: """
                Fully connected networks learn \(settings.source), regularised in different ways. The \
                hidden states of each class's test examples at one layer make a matrix, whose singular \
                values say in how many directions the class extends, and how far. Manifold Mixup at \
                this layer should leave one large value for each class and shrink the sum of all \
                others, while the classes stay apart from each other.
                """,
            scale: scale,
            seeds: seeds,
            sections: [flatness, spectra, together, finePrint],
            numbers: FlatteningNumbers(settings: settings, runs: runs)
        )
    }

    // MARK: - Values

    private typealias Measure = (FlatteningMeasures) -> Double

    private func summary(
        _ network: FlatteningNetwork,
        _ method: ComparedMethod,
        _ measure: Measure
    ) -> Summary {
        Summary(
            runs.filter { $0.network == network && $0.method == method }
                .map { measure($0.measures) }
        )
    }

    /// A measure over that of the network without regularisation and with the same seed.
    private func ratio(
        _ network: FlatteningNetwork,
        _ method: ComparedMethod,
        _ measure: Measure
    ) -> Summary {
        func value(_ method: ComparedMethod, _ seed: UInt64) -> Double? {
            runs.first { $0.network == network && $0.method == method && $0.seed == seed }
                .map { measure($0.measures) }
        }
        return Summary(
            seeds.compactMap { seed in
                guard let own = value(method, seed), let usual = value(.none, seed) else {
                    return nil
                }
                return own / usual
            }
        )
    }

    // MARK: - Flatness

    private var flatness: ReportSection {
        ReportSection(
            "Are the classes flat?",
            charts: [sumsBesidePaper, singularValues, spreads],
            tables: [comparison, table]
        )
    }

    private var sumsBesidePaper: Chart {
        let methods = FlatteningNetwork.firstHidden.methods
        let usual = FlatteningPaper.values(.none)?.sumOfOthers ?? .nan
        func measured(_ name: String, _ network: FlatteningNetwork, _ colour: ChartColour)
            -> ChartLayer
        {
            bars(
                name,
                methods.map(\.title),
                methods.map { ratio(network, $0, \.sumOfOthers) },
                colour
            )
        }
        return Chart(
            "Sum of all but the largest singular value, relative to no regularisation",
            caption: """
                Look for Manifold Mixup's bar: in the paper it is the only low one. Mean over the \
                classes and seeds; whiskers: standard deviation over the seeds.
                """,
            x: ChartAxis("method"),
            y: ChartAxis("sum, relative (ratio)"),
            shape: .square,
            layers: [
                .bars(
                    "paper, section 3.2",
                    categories: methods.map(\.title),
                    values: methods.map { method in
                        FlatteningPaper.values(method).map { $0.sumOfOthers / usual }
                    },
                    colour: .black
                ),
                measured("measured, 30 units", .firstHidden, .blue),
                measured("measured, wide layer", .wideFirstHidden, .sky),
            ]
        )
    }

    private var singularValues: Chart {
        let methods = FlatteningNetwork.firstHidden.methods
        func layer(_ name: String, _ measure: @escaping Measure, _ colour: ChartColour)
            -> ChartLayer
        {
            bars(
                name,
                methods.map(\.title),
                methods.map { summary(.firstHidden, $0, measure) },
                colour
            )
        }
        return Chart(
            "Singular values of a class, first hidden layer of 30 units",
            caption: """
                Flat is a large value beside a small sum of the others. Both also grow with the \
                scale of the states, which the methods change.
                """,
            x: ChartAxis("method"),
            y: ChartAxis("singular values (activation)"),
            shape: .square,
            layers: [
                layer("largest", \.largest, .orange),
                layer("sum of all others", \.sumOfOthers, .green),
            ]
        )
    }

    private var spreads: Chart {
        let networks = FlatteningNetwork.allCases
        return Chart(
            "Spread within the classes over spread between them",
            caption: """
                Free of the states' scale. Manifold Mixup's bar should be the lowest of each group: \
                classes shrink relative to their distances.
                """,
            x: ChartAxis("hidden layer and its units"),
            y: ChartAxis("within over between (ratio)"),
            shape: .square,
            layers: [ComparedMethod.none, .inputMixup, .manifoldMixup].map { method in
                bars(
                    method.title,
                    networks.map(\.mark),
                    networks.map { summary($0, method, \.spreadRatio) },
                    method.colour
                )
            }
        )
    }

    private func bars(
        _ name: String,
        _ categories: [String],
        _ summaries: [Summary],
        _ colour: ChartColour
    ) -> ChartLayer {
        .bars(
            name,
            categories: categories,
            values: summaries.map { $0.count > 0 ? $0.mean : nil },
            errors: summaries.map(\.standardDeviation),
            colour: colour
        )
    }

    // MARK: - Tables

    private var comparison: ReportTable {
        let first = FlatteningNetwork.firstHidden
        func two(_ value: Double) -> String { String(format: "%.2f", value) }
        var comparisons: [PaperComparison] = []
        for method in first.methods {
            guard let paper = FlatteningPaper.values(method) else { continue }
            comparisons.append(
                PaperComparison(
                    "section 3.2, \(method.title): largest; sum of all others",
                    paper: "\(two(paper.largest)); \(two(paper.sumOfOthers))",
                    measured: summary(first, method, \.largest).formatted(decimals: 1) + "; "
                        + summary(first, method, \.sumOfOthers).formatted(decimals: 1)
                )
            )
        }
        if let paper = FlatteningPaper.values(.manifoldMixup),
            let usual = FlatteningPaper.values(.none)
        {
            let sumRatio = two(paper.sumOfOthers / usual.sumOfOthers)
            for network in [first, .wideFirstHidden] {
                comparisons.append(
                    PaperComparison(
                        "sum of all others, Manifold Mixup over no regularisation "
                            + "(\(network.title))",
                        paper: sumRatio,
                        measured: ratio(network, .manifoldMixup, \.sumOfOthers)
                            .formatted(decimals: 2)
                    )
                )
            }
        }
        for network in FlatteningNetwork.allCases {
            for method in [ComparedMethod.inputMixup, .manifoldMixup] {
                guard let paper = FlatteningPaper.largest(network, method),
                    let usual = FlatteningPaper.largest(network, .none)
                else { continue }
                comparisons.append(
                    PaperComparison(
                        "appendix G, \(network.title): largest, \(method.title) over no "
                            + "regularisation",
                        paper: "\(two(paper / usual)) (\(two(paper)) over \(two(usual)))",
                        measured: ratio(network, method, \.largest).formatted(decimals: 2)
                    )
                )
            }
        }
        return ReportTable(
            comparisons,
            seeds: seeds.count,
            command: ExperimentResult.command(
                name: "flattening",
                scale: scale,
                seedCount: seeds.count
            )
        )
    }

    private var table: ReportTable {
        let columns: [(title: String, decimals: Int, measure: Measure)] = [
            ("test error (%)", 2, { 100 * $0.testError }), ("test NLL", 3, \.testNLL),
            ("largest", 1, \.largest), ("sum of others", 1, \.sumOfOthers),
            ("effective rank", 2, \.effectiveRank), ("centred sum", 1, \.centredSum),
            ("between classes, sum", 1, \.betweenSum), ("within over between", 3, \.spreadRatio),
        ]
        var table = Table(
            [Table.Column("network"), Table.Column("method")]
                + columns.map { Table.Column($0.title, .right) }
        )
        for network in FlatteningNetwork.allCases {
            for method in network.methods {
                table.append(
                    [network.title, method.title]
                        + columns.map {
                            summary(network, method, $0.measure).formatted(decimals: $0.decimals)
                        }
                )
            }
        }
        return ReportTable(
            "measures",
            title: "All measures",
            caption: """
                Mean ± standard deviation over \(seeds.count) \(seeds.count == 1 ? "seed" : "seeds"). \
                Singular values are means over the classes, of states as they are unless called centred.
                """,
            table
        )
    }

    // MARK: - Spectra

    private var spectra: ReportSection {
        ReportSection(
            "The singular values of a class",
            text: "As Figures 1 (c, f) and 9 to 11: means over the classes and the seeds.",
            charts: FlatteningNetwork.allCases.map { network in
                lines(
                    network,
                    caption: """
                        Look for how far a curve falls behind its first value: Manifold Mixup's should \
                        lie below the others from the second on.
                        """,
                    \.values
                )
            }
        )
    }

    private var together: ReportSection {
        ReportSection(
            "The singular values of all classes together",
            text: """
                As Figure 12, where the paper sees no clear difference: flattening acts on each class, \
                not on all of them together.
                """,
            charts: FlatteningNetwork.allCases.map { network in
                lines(
                    network,
                    caption: """
                        Compare the slopes of the curves: they should be alike, and no direction be lost.
                        """,
                    \.valuesOfAll
                )
            }
        )
    }

    private func lines(
        _ network: FlatteningNetwork,
        caption: String,
        _ values: (FlatteningMeasures) -> [Double]
    ) -> Chart {
        Chart(
            network.title,
            caption: caption,
            x: ChartAxis("number of the singular value"),
            y: ChartAxis("singular value (logarithmic)", isLogarithmic: true),
            shape: .square,
            layers: network.methods.map { method in
                let spectra = runs.filter { $0.network == network && $0.method == method }
                    .map { values($0.measures) }
                let means = (0..<(spectra.map(\.count).min() ?? 0)).map { index in
                    Summary(spectra.map { $0[index] }).mean
                }
                return .line(
                    method.title,
                    x: means.indices.map { Double($0 + 1) },
                    y: means,
                    colour: method.colour
                )
            }
        )
    }

    // MARK: - Fine print

    private var finePrint: ReportSection {
        ReportSection(
            "Fine print",
            notes: [
                """
                The paper gives, for appendix G, 1024 units of LeakyReLU in every other hidden layer, \
                where the bottleneck lies, α = 2, and mixing at this layer only. For section 3.2 it \
                gives the layer (the first hidden one) and that mixing is at one fixed layer. It gives \
                neither centring nor scaling, the number of examples, training or test examples, nor \
                the protocol of the trainings.
                """,
                """
                Here: \(settings.width) units, \(trainCount) training examples, Adam with a step size of \
                \(settings.learningRate) that falls to zero along half a cosine, \(settings.epochs) \
                epochs in minibatches of \(settings.batchSize), \(settings.loss.rawValue), weight decay \
                \(settings.weightDecay) (added to the gradient), dropout of \(settings.dropout) in every \
                hidden layer with an activation, α = \(settings.inputAlpha) for Input Mixup and \
                \(settings.manifoldAlpha) for Manifold Mixup. Singular values are of the \(testCount) \
                test examples, class by class.
                """,
                """
                Section 3.2's network is a guess: in the paper the sum of the others is 1.5 times the \
                largest value, and in a wide layer it is several times, so that its layer was \
                probably narrow. A first hidden layer as wide as the others is shown beside it.
                """,
                """
                Singular values grow with the root of the number of examples and with the scale of \
                the states, so that the paper's numbers can only be compared as ratios. Nothing was \
                tuned per method; width, epochs and the 30 units were chosen after short trials with \
                the first seed.
                """,
                """
                The bottlenecks are linear, the first hidden layers have an activation: a linear \
                layer right behind the input could only rotate and scale the inputs, not flatten.
                """,
            ]
        )
    }
}

extension ComparedMethod {
    /// The method's colour in charts that compare methods.
    fileprivate var colour: ChartColour {
        switch self {
        case .none: .black
        case .weightDecay: .purple
        case .inputNoise: .yellow
        case .dropout: .orange
        case .batchNorm: .green
        case .inputMixup: .sky
        case .manifoldMixup: .red
        }
    }
}
