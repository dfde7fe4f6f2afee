import LibTorch
import MixupData

/// The same training with several seeds, or several variants of it with several seeds each.
///
/// In a folder every training is a run of its own, `seed-1` or `none/seed-1`, and `summary.csv` has
/// a row for each that is finished. A series that was stopped goes on when it is started in the same
/// folder again: what is finished is not trained again, what is not is resumed.
public struct Series: Sendable {
    /// One training.
    public struct Member: Sendable {
        /// What is trained, and how.
        public let recipe: Recipe
        /// What it is a repetition of; empty where there is only one training to repeat.
        public let variant: String

        /// The folder of its run, within that of the series.
        public var name: String {
            (variant.isEmpty ? "" : variant + "/") + "seed-\(recipe.training.seed)"
        }
    }

    /// The trainings, in order.
    public let members: [Member]

    /// A training with several seeds, from the recipe's own on.
    ///
    /// Throws ``RecipeError``.
    public init(_ recipe: Recipe, seeds: Int) throws(RecipeError) {
        self.init(try Self.repetitions(seeds, of: recipe, variant: ""))
    }

    /// A training with several methods, each with several seeds from the recipe's own on.
    ///
    /// A method that is not the recipe's keeps its own defaults.
    /// Throws ``RecipeError``.
    public init(
        _ recipe: Recipe,
        methods: [Recipe.Method.Name],
        seeds: Int
    ) throws(RecipeError) {
        var variants: [(name: String, recipe: Recipe)] = []
        for (number, method) in methods.enumerated() where !methods[..<number].contains(method) {
            var overrides = RecipeOverrides()
            overrides.method = method
            variants.append((method.rawValue, try recipe.applying(overrides)))
        }
        try self.init(variants: variants, seeds: seeds)
    }

    /// Several trainings, each with several seeds from its recipe's own on.
    ///
    /// Throws ``RecipeError``.
    ///
    /// - Parameters:
    ///   - variants: what is trained, on the same data; the names are folders, and all different.
    ///   - seeds: how many repetitions of each.
    public init(
        variants: [(name: String, recipe: Recipe)],
        seeds: Int
    ) throws(RecipeError) {
        var members: [Member] = []
        for (name, recipe) in variants {
            members += try Self.repetitions(seeds, of: recipe, variant: name)
        }
        self.init(members)
    }

    private init(_ members: [Member]) {
        self.members = members
    }

    private static func repetitions(
        _ count: Int,
        of recipe: Recipe,
        variant: String
    ) throws(RecipeError) -> [Member] {
        var members: [Member] = []
        for number in 0..<UInt64(max(count, 0)) {
            var overrides = RecipeOverrides()
            overrides.seed = recipe.training.seed &+ number
            members.append(Member(recipe: try recipe.applying(overrides), variant: variant))
        }
        return members
    }

    /// Trains every member, one after the other.
    ///
    /// That each can start is found out before the first one does.
    ///
    /// - Parameters:
    ///   - path: the folder of the series; `nil` to write nothing. The figures are the same.
    ///   - data: the data set of the recipe, loaded.
    ///   - shouldStop: asked after every step.
    ///   - onStep: told of every step, with the number of the training, from 0.
    ///   - onEnd: told of every training that is finished, with its number, and whether it was
    ///     trained now rather than found in the folder.
    /// - Returns: the results, or `nil` if it was asked to stop.
    /// - Throws: ``SeriesError``, and whatever a training throws.
    public func run(
        in path: String? = nil,
        data: DataSplits,
        shouldStop: () -> Bool = { false },
        onStep: (Int, Trainer, StepReport) -> Void = { _, _, _ in },
        onEnd: (Int, SeriesResult.Run, Bool) -> Void = { _, _, _ in }
    ) throws -> SeriesResult? {
        try requireStartable(with: data)
        let folder = try path.map { try SeriesFolder($0, for: self) }
        var result = SeriesResult()
        for (number, member) in members.enumerated() {
            guard !shouldStop() else { return nil }
            let found = try folder?.finished(member)
            do {
                let done =
                    try found
                    ?? member.train(in: folder, data: data, shouldStop: shouldStop) {
                        trainer,
                        report in
                        onStep(number, trainer, report)
                    }
                guard let done else { return nil }
                result.append(done)
                try folder?.write(result)
                onEnd(number, done, found == nil)
            } catch let error as TrainingError {
                throw SeriesError.failed(run: member.name, reason: error.description)
            }
        }
        return result
    }

    /// Makes the first training of each variant, without its steps.
    private func requireStartable(with data: DataSplits) throws {
        var variants: Set<String> = []
        for member in members where variants.insert(member.variant).inserted {
            _ = try member.recipe.makeTrainer(data: data)
        }
    }
}

extension Series.Member {
    /// Trains to the end; `nil` if it was asked to stop.
    fileprivate func train(
        in folder: SeriesFolder?,
        data: DataSplits,
        shouldStop: () -> Bool,
        onStep: (Trainer, StepReport) -> Void
    ) throws -> SeriesResult.Run? {
        if let folder {
            let run = try folder.open(self, data: data)
            let outcome = try run.run(
                shouldStop: shouldStop,
                onStep: { onStep(run.trainer, $0) }
            )
            guard outcome == .finished else { return nil }
            guard let result = try folder.result(of: self, run.directory) else {
                throw Self.noResult
            }
            return result
        }
        var stopwatch = Stopwatch()
        var epochs: [EpochRow] = []
        let trainer = try recipe.makeTrainer(data: data)
        let isComplete = try trainer.run(
            onStep: { report in
                onStep(trainer, report)
                return !shouldStop()
            },
            onEpoch: { epochs.append(EpochRow($0)) }
        )
        guard isComplete else { return nil }
        guard let figures = RunFigures(epochs) else { throw Self.noResult }
        return SeriesResult.Run(self, figures: figures, seconds: stopwatch.lap())
    }

    private static let noResult = TrainingError.impossible(
        "no epoch was evaluated; choose a smaller training.evaluate-every"
    )
}
