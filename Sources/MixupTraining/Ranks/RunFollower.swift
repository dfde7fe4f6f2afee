import Foundation
import LibTorch
import ManifoldMixup
import MixupData

/// The part that every rank but the first takes in a run.
///
/// It trains along with the ``TrainingRun`` of rank 0. Recipe, weights and position come from there; it
/// neither reads nor writes the folder of the run, which may be on another machine. The data set it loads
/// itself.
public final class RunFollower {
    /// The training itself.
    public let trainer: Trainer

    /// Waits for rank 0 to start or to resume a run, and joins it.
    ///
    /// - Parameters:
    ///   - ranks: this process's place.
    ///   - data: the data set of the run's recipe, where it is loaded already.
    /// - Throws: whatever making a trainer throws, and `TorchError` if rank 0 ends before it has begun.
    public init(_ ranks: Ranks, data: DataSplits? = nil) throws {
        let yaml = try ranks.shared(Data())
        let recipe = try Recipe.parse(
            yaml: String(decoding: yaml, as: UTF8.self),
            source: "recipe of rank 0"
        )
        trainer = try recipe.makeTrainer(data: data ?? recipe.loadData(), ranks: ranks)
        try trainer.shareState()
    }

    /// Trains until rank 0 does not go on, or until `shouldStop` says so and the ranks have agreed.
    ///
    /// - Returns: whether the training is complete.
    @discardableResult
    public func run(shouldStop: () -> Bool = { false }) throws -> Bool {
        let ranks = trainer.ranks
        var isTested = false
        let isComplete = try trainer.run(
            onStep: { _ in !ranks.agree(toStop: shouldStop()) },
            onEpoch: { isTested = isTested || $0.test != nil }
        )
        // As rank 0 does where a finished run is resumed.
        if isComplete, !isTested { _ = try trainer.evaluate(on: trainer.data.test) }
        try ranks.group.barrier()
        return isComplete
    }
}
