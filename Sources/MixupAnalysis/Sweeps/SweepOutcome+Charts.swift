import MixupTraining

// Pictures that more than one sweep has.
extension SweepOutcome {
    /// How much more accurate every variant is than no mixing, here and in the paper.
    ///
    /// Gains compare across data sets and networks, accuracies do not.
    func gainsChart(
        _ variants: [SweepVariant],
        axis: String = "method",
        caption: String
    ) -> Chart? {
        guard let baseline = variants.first(where: \.isBaseline),
            let reference = baseline.paper[paperDataset]
        else { return nil }
        let mixed = variants.filter { !$0.isBaseline }
        let gains = mixed.map { gain($0, over: baseline) }
        return Chart(
            "What mixing gains over no mixing",
            caption: "\(caption) Bars: mean over the seeds; whiskers: standard deviation.",
            x: ChartAxis(axis),
            y: ChartAxis("gain in test accuracy (percentage points)"),
            layers: [
                .bars(
                    "measured here, \(dataset)",
                    categories: mixed.map(\.title),
                    values: gains.map { $0.mean },
                    errors: gains.map(\.standardDeviation),
                    colour: .blue
                ),
                .bars(
                    "the paper, \(paperDataset)",
                    categories: mixed.map(\.title),
                    values: mixed.map { $0.paper[paperDataset].map { $0 - reference } },
                    colour: .orange
                ),
            ]
        )
    }

    /// The test negative log likelihood of every variant.
    func likelihoodChart(
        _ variants: [SweepVariant],
        axis: String = "method",
        caption: String
    ) -> Chart {
        let summaries = variants.map(negativeLogLikelihood)
        return Chart(
            "How well the probabilities fit",
            caption: "\(caption) Bars: mean over the seeds; whiskers: standard deviation.",
            x: ChartAxis(axis),
            y: ChartAxis("test negative log likelihood (nats)"),
            layers: [
                .bars(
                    "measured here, \(dataset)",
                    categories: variants.map(\.title),
                    values: summaries.map { $0.mean },
                    errors: summaries.map(\.standardDeviation),
                    colour: .green
                )
            ]
        )
    }
}
