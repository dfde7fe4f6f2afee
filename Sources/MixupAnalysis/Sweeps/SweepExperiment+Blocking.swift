import MixupTraining

extension SweepExperiment {
    /// The ablation: gradients that stop at the mix.
    public static let blocking = SweepExperiment(
        name: "blocking",
        summary: "The ablation: Manifold Mixup with gradients that stop right before the mix.",
        variants: [
            .noMixing(paper: ["cifar-10": 95.17]),
            SweepVariant(
                "input-mixup",
                "Input Mixup",
                Recipe.Method(name: .inputMixup, alpha: 1),
                paper: ["cifar-10": 96.18]
            ),
            blocked,
            unblocked,
        ],
        paperDatasets: ["cifar-10"],
        quickSeeds: 3,
        paperEpochs: 1200,
        paperMilestones: [400, 800],
        title: "Manifold Mixup with blocked gradients",
        text: """
            Manifold Mixup trains the layers before the mix on what the mixed states lead to. With \
            gradients blocked, only the layers behind the mix learn from it. The paper gives 4.33 % \
            test error with blocked gradients, against 2.95 % without blocking and 4.83 % without \
            mixing: most of the gain needs the earlier layers to change. (1,200 epochs; an earlier \
            version of the paper has 4.86 % after 400.)
            """,
        claims: { outcome, variants in
            [
                outcome.comparison(unblocked, over: blocked),
                outcome.comparison(blocked, over: variants.first(where: \.isBaseline)),
            ]
        },
        charts: { outcome, variants in
            [
                outcome.gainsChart(
                    variants,
                    caption: """
                        Look whether blocking takes away more than half of what Manifold Mixup gains, as \
                        in the paper.
                        """
                ),
                outcome.likelihoodChart(
                    variants,
                    caption: "Lower is better; the paper does not give it for blocked gradients."
                ),
            ]
            .compactMap { $0 }
        }
    )

    private static let blocked = SweepVariant(
        "manifold-mixup-blocked",
        "Manifold Mixup, blocked",
        Recipe.Method(name: .manifoldMixup, alpha: 2, layers: [0, 1, 2], blockGradients: true),
        paper: ["cifar-10": 95.67]
    )

    private static let unblocked = SweepVariant(
        "manifold-mixup",
        "Manifold Mixup",
        Recipe.Method(name: .manifoldMixup, alpha: 2, layers: [0, 1, 2]),
        paper: ["cifar-10": 97.05]
    )
}
