import MixupTraining

// What the paper's figures say about pairs of variants and about their order.
extension SweepOutcome {
    /// By how much one variant is more accurate than another, here and in the paper.
    func comparison(_ variant: SweepVariant?, over other: SweepVariant?) -> PaperComparison {
        guard let variant, let other else {
            return PaperComparison("gain (points)", paper: "not given", measured: "–")
        }
        let figures = [variant, other].compactMap { $0.paper[paperDataset] }
        return PaperComparison(
            "gain (points), \(variant.title) over \(other.title)",
            paper: figures.count == 2 ? Summary([figures[0] - figures[1]]).signed : "not given",
            measured: gain(variant, over: other).signed
        )
    }

    /// How alike the variants' order by accuracy is to that in the paper.
    func rankComparison(_ variants: [SweepVariant]) -> PaperComparison {
        let known = variants.filter { $0.paper[paperDataset] != nil }
        let correlation = RankCorrelation.spearman(
            known.compactMap { $0.paper[paperDataset] },
            known.map { accuracy($0).mean }
        )
        return PaperComparison(
            "likeness of the order (Spearman's rank correlation, 1 is the same)",
            paper: "1",
            measured: correlation.map { Summary([$0]).formatted(decimals: 2) } ?? "–"
        )
    }
}
