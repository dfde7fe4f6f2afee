import MixupTraining

extension SweepExperiment {
    /// Table 5: which boundaries may be mixed.
    public static let layers = SweepExperiment(
        name: "layers",
        summary: "Table 5: which layers may be mixed, ten eligible sets S.",
        variants: layerSets.map { set in
            let title = "{\(set.layers.map(String.init).joined(separator: ", "))}"
            let paper = ["cifar-10": set.ten, "cifar-100": set.hundred]
            guard !set.layers.isEmpty else { return .noMixing(title, paper: paper) }
            return SweepVariant(
                "layers-" + set.layers.map(String.init).joined(separator: "-"),
                title,
                Recipe.Method(name: .manifoldMixup, alpha: 2, layers: set.layers),
                paper: paper
            )
        },
        paperDatasets: ["cifar-10", "cifar-100"],
        quickSeeds: 2,
        paperEpochs: 2000,
        paperMilestones: [1000, 1500],
        title: "Which layers may be mixed (Table 5)",
        text: """
            Manifold Mixup draws the boundary at which it mixes from a set S for every minibatch: 0 is \
            the input, 1 to 3 are the outputs of the first stages of the network, {} is training \
            without mixing; α = 2. In the paper's table, sets with the input and early layers are best, \
            leaving out the input always costs accuracy, and {2} and {2, 3} gain next to nothing.
            """,
        claims: { outcome, variants in
            func found(_ layers: [Int]) -> SweepVariant? {
                variants.first { $0.method.layers == layers }
            }
            return [[1], [1, 2], [1, 2, 3]].map {
                outcome.comparison(found([0] + $0), over: found($0))
            } + [outcome.rankComparison(variants)]
        },
        charts: { outcome, variants in
            [
                outcome.gainsChart(
                    variants,
                    axis: "eligible set S",
                    caption: """
                        The sets are in the paper's order. Look whether the bars fall to the right as \
                        the paper's do, and whether each set with 0 is above the same set without it.
                        """
                ),
                outcome.likelihoodChart(
                    variants,
                    axis: "eligible set S",
                    caption:
                        "Lower is better. Look for the sets that keep the probabilities honest."
                ),
            ]
            .compactMap { $0 }
        }
    )

    /// The sets in the paper's order, with its test accuracies in percent.
    private static let layerSets: [(layers: [Int], ten: Double, hundred: Double)] = [
        ([0, 1, 2], 97.23, 79.60), ([0, 1], 96.94, 78.93), ([0, 1, 2, 3], 96.92, 80.18),
        ([1, 2], 96.35, 78.69), ([0], 96.73, 78.15), ([1, 2, 3], 96.51, 79.31),
        ([1], 96.10, 78.72), ([2, 3], 95.32, 76.46), ([2], 95.19, 76.50), ([], 95.27, 76.40),
    ]
}
