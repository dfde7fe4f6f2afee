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

/// How alike two orders are.
enum RankCorrelation {
    /// Spearman's ρ: Pearson's correlation of the ranks, where equals share the mean of theirs.
    ///
    /// - Returns: `nil` where one of them has no order: fewer than two values, or all equal.
    static func spearman(_ one: [Double], _ other: [Double]) -> Double? {
        guard one.count == other.count, one.count > 1 else { return nil }
        let (x, y) = (ranks(one), ranks(other))
        let middle = Double(one.count + 1) / 2
        func product(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + ($1.0 - middle) * ($1.1 - middle) }
        }
        let spread = (product(x, x) * product(y, y)).squareRoot()
        return spread > 0 ? product(x, y) / spread : nil
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        values.map { value in
            let smaller = values.count(where: { $0 < value })
            let equal = values.count(where: { $0 == value })
            return Double(smaller) + Double(equal + 1) / 2
        }
    }
}
