import ManifoldMixup

/// What a step with Manifold Mixup costs beside the same step without, measured in alternation.
public struct StepCost: Sendable, Codable {
    /// The number of pairs of steps.
    public let rounds: Int
    /// The median time of a step without mixup, in milliseconds.
    public let plainMilliseconds: Double
    /// The median time of a step with Manifold Mixup, in milliseconds.
    public let mixedMilliseconds: Double
    /// The median of the rounds' ratios, with over without.
    public let medianRatio: Double
    /// The first and the third quartile of the rounds' ratios.
    public let ratioQuartiles: [Double]

    enum CodingKeys: String, CodingKey {
        case rounds
        case plainMilliseconds = "plain_ms"
        case mixedMilliseconds = "mixed_ms"
        case medianRatio = "ratio_median"
        case ratioQuartiles = "ratio_quartiles"
    }

    /// Measures on random images of MNIST's size.
    ///
    /// - Parameters:
    ///   - widths: of the hidden layers; each has a mixing site, and the input is a boundary too.
    ///   - batchSize: the number of examples in a minibatch.
    ///   - rounds: pairs of steps, after a tenth as many to warm up.
    public static func measure(widths: [Int], batchSize: Int, rounds: Int) throws -> StepCost {
        let plain = try syntheticTrainer(widths: widths, batchSize: batchSize, mixup: nil)
        let mixed = try syntheticTrainer(
            widths: widths,
            batchSize: batchSize,
            mixup: .manifoldMixup()
        )
        let clock = ContinuousClock()
        func milliseconds(_ trainer: Trainer) throws -> Double {
            try clock.measure { try trainer.stepForever() } / .milliseconds(1)
        }
        for _ in 0..<max(rounds / 10, 1) {
            _ = try (milliseconds(plain), milliseconds(mixed))
        }
        var times: [(plain: Double, mixed: Double)] = []
        for round in 0..<rounds {
            // Who is first takes turns, so that neither profits from it.
            if round.isMultiple(of: 2) {
                let first = try milliseconds(plain)
                times.append((first, try milliseconds(mixed)))
            } else {
                let first = try milliseconds(mixed)
                times.append((try milliseconds(plain), first))
            }
        }
        let ratios = times.map { $0.mixed / $0.plain }
        return StepCost(
            rounds: rounds,
            plainMilliseconds: quantile(times.map(\.plain), 0.5),
            mixedMilliseconds: quantile(times.map(\.mixed), 0.5),
            medianRatio: quantile(ratios, 0.5),
            ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)]
        )
    }
}

/// A quantile by linear interpolation between the sorted values.
func quantile(_ values: [Double], _ fraction: Double) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.indices.last else { return .nan }
    let position = fraction * Double(last)
    let lower = Int(position)
    let upper = min(lower + 1, last)
    return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
}
