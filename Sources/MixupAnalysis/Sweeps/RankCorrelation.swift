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
