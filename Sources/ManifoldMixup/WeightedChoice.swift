/// The choice of one of several by relative weights.
enum WeightedChoice {
    /// Makes sure that one can be chosen.
    ///
    /// - Throws: `MixupError` if a weight is negative or their sum is not positive and finite.
    static func validate(_ weights: [Double], of what: String) throws {
        let sum = weights.reduce(0, +)
        guard weights.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite else {
            throw MixupError(
                "\(what) weights must be 0 or more and have a positive, finite sum, not \(weights)"
            )
        }
    }

    /// The position that a number uniform in [0, 1) falls on.
    static func index(at uniform: Double, weights: [Double]) -> Int {
        var remaining = uniform * weights.reduce(0, +)
        var chosen = 0
        // The last one that may be chosen takes what rounding leaves over.
        for (index, weight) in weights.enumerated() where weight > 0 {
            chosen = index
            if remaining < weight { break }
            remaining -= weight
        }
        return chosen
    }
}
