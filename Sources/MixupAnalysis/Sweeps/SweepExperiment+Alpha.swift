import MixupTraining

extension SweepExperiment {
    /// Table 6: how strongly to mix.
    public static let alpha = SweepExperiment(
        name: "alpha",
        summary: "Table 6: how strongly to mix, six α for Input and Manifold Mixup.",
        variants: [.noMixing(paper: ["cifar-10": 95.27])]
            + alphas.map { alpha, input, _ in
                alphaVariant(.inputMixup, "Input Mixup", alpha, layers: [0], paper: input)
            }
            + alphas.map { alpha, _, manifold in
                alphaVariant(
                    .manifoldMixup,
                    "Manifold Mixup",
                    alpha,
                    layers: [0, 1, 2],
                    paper: manifold
                )
            },
        paperDatasets: ["cifar-10"],
        quickSeeds: 2,
        paperEpochs: 2000,
        paperMilestones: [1000, 1500],
        title: "How strongly to mix (Table 6)",
        text: """
            The weight of a mix is drawn from Beta(α, α): near 0 or 1 for a small α, near one half for a \
            large one. Input Mixup mixes at the input, Manifold Mixup at a boundary drawn from \
            {0, 1, 2}. In the paper's table, Manifold Mixup is above Input Mixup at every α and rises \
            with it, while Input Mixup hardly depends on it.
            """,
        claims: { outcome, variants in
            func found(_ method: Recipe.Method.Name, _ alpha: Double) -> SweepVariant? {
                variants.first { $0.method.name == method && $0.method.alpha == alpha }
            }
            return alphas.map(\.alpha).map {
                outcome.comparison(found(.manifoldMixup, $0), over: found(.inputMixup, $0))
            }
                + [Recipe.Method.Name.manifoldMixup, .inputMixup].map {
                    outcome.comparison(found($0, 2), over: found($0, 0.5))
                }
        },
        charts: { outcome, variants in
            [
                alphaChart(
                    "Measured here, \(outcome.dataset)",
                    variants,
                    caption: """
                        Look whether Manifold Mixup is above Input Mixup, and whether it rises with α. \
                        Points: mean over the seeds; whiskers: standard deviation.
                        """
                ) { outcome.accuracy($0) },
                alphaChart(
                    "The paper, \(outcome.paperDataset)",
                    variants,
                    caption: "The paper's figures, for the shape of the curves. No spread is given."
                ) { Summary([$0.paper[outcome.paperDataset]].compactMap { $0 }) },
            ]
        }
    )

    /// The values of α with the paper's test accuracies in percent.
    private static let alphas: [(alpha: Double, input: Double, manifold: Double)] = [
        (0.5, 96.68, 96.76), (1.0, 96.75, 97.00), (1.2, 96.72, 97.03), (1.5, 96.84, 97.10),
        (1.8, 96.80, 97.15), (2.0, 96.73, 97.23),
    ]

    private static func alphaVariant(
        _ name: Recipe.Method.Name,
        _ title: String,
        _ alpha: Double,
        layers: [Int],
        paper: Double
    ) -> SweepVariant {
        SweepVariant(
            "\(name.rawValue)-alpha-\(alpha)",
            "\(title), α = \(alpha)",
            Recipe.Method(name: name, alpha: alpha, layers: layers),
            paper: ["cifar-10": paper]
        )
    }

    /// Accuracy over α, a line for each method; no mixing is a level one.
    private static func alphaChart(
        _ title: String,
        _ variants: [SweepVariant],
        caption: String,
        accuracy: (SweepVariant) -> Summary
    ) -> Chart {
        let lines: [(Recipe.Method.Name, String, ChartColour)] = [
            (.inputMixup, "Input Mixup", .orange), (.manifoldMixup, "Manifold Mixup", .blue),
        ]
        let baseline = variants.filter(\.isBaseline).map { accuracy($0).mean }
        let ends = [alphas.first?.alpha, alphas.last?.alpha].compactMap { $0 }
        return Chart(
            title,
            caption: caption,
            x: ChartAxis("α (parameter of the Beta distribution)"),
            y: ChartAxis("test accuracy (%)"),
            shape: .square,
            layers: lines.map { name, title, colour in
                let points = variants.filter { $0.method.name == name }
                let summaries = points.map(accuracy)
                return .line(
                    title,
                    x: points.map(\.method.alpha),
                    y: summaries.map(\.mean),
                    errors: summaries.map(\.standardDeviation),
                    colour: colour
                )
            }
                + baseline.map { level in
                    .line("no mixing", x: ends, y: ends.map { _ in level }, colour: .black)
                }
        )
    }
}
