import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// How a classifier withstands attacks.
public struct Robustness: Sendable, Codable, Equatable {
    /// The outcome of one attack.
    public struct Row: Sendable, Codable, Equatable {
        /// The attack.
        public let attack: Attack
        /// The score on the adversarial examples.
        public let score: Score
        /// The share of all examples whose predicted class the attack has changed, in 0...1.
        public let flipped: Double
    }

    /// The data set's name.
    public let dataset: String
    /// The score on the examples as they are.
    public let clean: Score
    /// One row for each attack, in the order given.
    public let rows: [Row]
}

extension Classifier {
    /// Attacks the model on every example of a data set.
    ///
    /// - Parameters:
    ///   - attacks: what to try, each on the original examples.
    ///   - dataset: the examples.
    ///   - batchSize: the number of examples at once; it does not change the result beyond rounding.
    ///   - precision: the arithmetic that the model was made for.
    ///   - progress: called after every batch with the share of the work that is done.
    /// - Throws: `MixupError` for an attack that cannot be, for instance in pixels on data without any.
    public func robustness(
        to attacks: [Attack],
        on dataset: Dataset,
        batchSize: Int = 100,
        precision: Precision = .float32,
        progress: (Double) -> Void = { _ in }
    ) throws -> Robustness {
        for attack in attacks {
            try attack.check()
            if attack.units == .pixels, case .floats = dataset.features {
                throw MixupError(
                    "\(dataset.name) has no pixels of known range; measure ε in normalised units"
                )
            }
        }
        func logits(_ input: Tensor) throws -> Tensor {
            try withoutGradients {
                try withBFloat16Autocast(precision == .bfloat16) { try self(input, ForwardPass()) }
            }
        }
        var clean = ScoreSum()
        var attacked = attacks.map { _ in ScoreSum() }
        var unchanged = attacks.map { _ in 0.0 }
        try dataset.forEachBatch(of: batchSize, dtype: precision.dtype) { rows, input, labels in
            let predicted = try clean.add(logits(input), labels: labels)
            for (index, attack) in attacks.enumerated() {
                let examples = try attack.examples(
                    from: input,
                    labels: labels,
                    against: self,
                    normalization: dataset.normalization,
                    firstIndex: rows.lowerBound,
                    precision: precision
                )
                let found = try attacked[index].add(logits(examples), labels: labels)
                unchanged[index] += try found.equalElements(predicted).sum().item()
            }
            progress(Double(rows.upperBound) / Double(dataset.count))
        }
        return Robustness(
            dataset: dataset.name,
            clean: clean.score,
            rows: attacks.indices.map { index in
                Robustness.Row(
                    attack: attacks[index],
                    score: attacked[index].score,
                    flipped: 1 - unchanged[index] / Double(dataset.count)
                )
            }
        )
    }
}
