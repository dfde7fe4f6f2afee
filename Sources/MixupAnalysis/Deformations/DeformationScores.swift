import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// How a classifier does on images that were deformed.
public struct DeformationScores: Sendable, Codable, Equatable {
    /// The score on one kind of deformed images.
    public struct Row: Sendable, Codable, Equatable {
        /// What was done to the images.
        public let deformation: Deformation
        /// The score on them.
        public let score: Score
    }

    /// The data set's name.
    public let dataset: String
    /// How the images were deformed.
    public let options: DeformationOptions
    /// The score on the images as they are.
    public let clean: Score
    /// One row for each deformation, in the order given.
    public let rows: [Row]
}

extension Classifier {
    /// Evaluates the model on deformed images.
    ///
    /// - Parameters:
    ///   - deformations: what to try, each on the original images; the paper's 17 unless said
    ///     otherwise.
    ///   - dataset: the images.
    ///   - options: how they are deformed.
    ///   - batchSize: the number of examples at once; it does not change the result beyond rounding.
    ///   - precision: the arithmetic that the model was made for.
    ///   - progress: called after every deformation with the share of the work that is done.
    /// - Throws: `MixupError` where the examples are not images.
    public func deformationScores(
        for deformations: [Deformation] = Deformation.paper,
        on dataset: Dataset,
        _ options: DeformationOptions = DeformationOptions(),
        batchSize: Int = 100,
        precision: Precision = .float32,
        progress: (Double) -> Void = { _ in }
    ) throws -> DeformationScores {
        func add(_ examples: Dataset, to sum: inout ScoreSum) throws {
            try examples.forEachBatch(of: batchSize, dtype: precision.dtype) { _, input, labels in
                let logits = try withoutGradients {
                    try withBFloat16Autocast(precision == .bfloat16) {
                        try self(input, ForwardPass())
                    }
                }
                try sum.add(logits, labels: labels)
            }
        }
        var clean = ScoreSum()
        try add(dataset, to: &clean)
        let rows = try deformations.enumerated().map { number, deformation in
            var sum = ScoreSum()
            // A part at a time, since deformed images take four bytes a value.
            for start in stride(from: 0, to: dataset.count, by: 1000) {
                let rows = start..<min(start + 1000, dataset.count)
                try add(dataset.deformed(by: deformation, options, rows: rows), to: &sum)
            }
            progress(Double(number + 1) / Double(deformations.count))
            return DeformationScores.Row(deformation: deformation, score: sum.score)
        }
        return DeformationScores(
            dataset: dataset.name,
            options: options,
            clean: clean.score,
            rows: rows
        )
    }
}
