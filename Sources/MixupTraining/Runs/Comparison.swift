import Foundation
import LibTorch
import MixupData

/// The same training with several methods and several seeds.
public struct Comparison: Sendable, Codable {
    /// The results of one method.
    public struct Row: Sendable, Codable {
        /// The method.
        public let method: Recipe.Method.Name
        /// The final result of each seed.
        public let results: [Evaluation]

        /// Test errors in percent.
        public var error: Summary { Summary(results.map { 100 * $0.error }) }
        /// Test negative log likelihoods.
        public var negativeLogLikelihood: Summary {
            Summary(results.map(\.negativeLogLikelihood))
        }
    }

    /// One row a method.
    public let rows: [Row]
    /// The seeds.
    public let seeds: [UInt64]

    /// Trains `recipe` with each method, which otherwise keeps its own defaults, and each seed.
    ///
    /// - Parameters:
    ///   - recipe: what all trainings have in common.
    ///   - methods: the methods, one row each.
    ///   - seeds: the seeds, one training each for every method.
    ///   - data: the data set, loaded.
    ///   - onStep: told of every step, with the number of the training, from 0.
    ///   - shouldStop: asked after every step.
    /// - Returns: `nil` if it was asked to stop.
    public static func run(
        _ recipe: Recipe,
        methods: [Recipe.Method.Name],
        seeds: [UInt64],
        data: DataSplits,
        shouldStop: () -> Bool = { false },
        onStep: (Int, Trainer, StepReport) -> Void = { _, _, _ in }
    ) throws -> Comparison? {
        var rows: [Row] = []
        var number = 0
        for method in methods {
            var results: [Evaluation] = []
            for seed in seeds {
                var overrides = RecipeOverrides()
                overrides.method = method
                overrides.seed = seed
                let variant = try recipe.applying(overrides)
                let trainer = try variant.makeTrainer(data: data)
                let isComplete = try trainer.run(onStep: { report in
                    onStep(number, trainer, report)
                    return !shouldStop()
                })
                guard isComplete else { return nil }
                results.append(try trainer.evaluate(on: data.test))
                number += 1
            }
            rows.append(Row(method: method, results: results))
        }
        return Comparison(rows: rows, seeds: seeds)
    }

    /// The results as a table: mean ± standard deviation over the seeds.
    public func table() -> Table {
        var table = Table([
            Table.Column("method"), Table.Column("test error %", .right),
            Table.Column("test NLL", .right), Table.Column("seeds", .right),
        ])
        for row in rows {
            table.append([
                row.method.rawValue, row.error.formatted(decimals: 2),
                row.negativeLogLikelihood.formatted(decimals: 4), "\(row.results.count)",
            ])
        }
        return table
    }
}
