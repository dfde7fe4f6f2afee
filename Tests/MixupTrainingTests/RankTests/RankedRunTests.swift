import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import TestRanks
import Testing

@testable import MixupTraining

@Suite(
    "Runs of several ranks",
    .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)")
)
struct RankedRunTests {
    private static func recipe(epochs: Int = 2) -> Recipe {
        Recipe(
            data: Recipe.Data(source: ["digits"], perClass: 20),
            model: Recipe.Model(widths: [12], dropout: 0.1, batchNorm: true),
            training: Recipe.Training(
                epochs: epochs,
                batchSize: 30,
                threads: 1,
                checkpointEvery: 2
            )
        )
    }

    /// Runs one process of a run: rank 0 in the folder, the others along with it.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - stop: the rank that asks to stop, and after which step of its own.
    /// - Returns: the step that the rank has come to, and the bytes of its weights.
    private static func run(
        _ group: ProcessGroup,
        in path: String,
        resumes: Bool = false,
        stop: (rank: Int, step: Int)? = nil,
        recipe: Recipe = recipe()
    ) throws -> (step: Int, weights: [UInt8]) {
        let ranks = Ranks(group)
        var steps = 0
        func shouldStop() -> Bool {
            steps += 1
            return stop?.rank == group.rank && steps == stop?.step
        }
        let trainer: Trainer
        if group.rank == 0 {
            let run =
                resumes
                ? try TrainingRun.resume(path, ranks: ranks)
                : try TrainingRun.start(recipe, at: path, ranks: ranks)
            _ = try run.run(shouldStop: shouldStop)
            trainer = run.trainer
        } else {
            let follower = try RunFollower(ranks)
            try follower.run(shouldStop: shouldStop)
            trainer = follower.trainer
        }
        return (trainer.position.step, try trainer.weightBytes())
    }

    private func bytes(_ path: String) throws -> [Data] {
        try [
            "checkpoints/last/model.safetensors", "checkpoints/last/training.safetensors",
            "metrics.jsonl", "figures.json",
        ].map { try Data(contentsOf: URL(fileURLWithPath: path + "/" + $0)) }
    }

    @Test("Whichever rank asks to stop, all stop after the same step, and resume to the same bytes")
    func stopAndResume() throws {
        let folder = try ScratchFolder()
        let whole = folder.path("whole")
        let results = try inRanks(2) { try Self.run($0, in: whole) }
        #expect(results[0].weights == results[1].weights)
        #expect(results[0].step == 8)
        for (rank, step) in [(0, 1), (1, 2), (1, 5)] {
            let path = folder.path("stopped-\(rank)-\(step)")
            let stopped = try inRanks(2) { try Self.run($0, in: path, stop: (rank, step)) }
            // The wish travels with the next step.
            #expect(stopped.map(\.step) == [step + 1, step + 1])
            let resumed = try inRanks(2) { try Self.run($0, in: path, resumes: true) }
            #expect(resumed.map(\.weights) == results.map(\.weights))
            #expect(try bytes(path) == bytes(whole))
        }
    }

    @Test("A finished run that is resumed trains no further and ends")
    func resumeFinished() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        _ = try inRanks(2) { try Self.run($0, in: path) }
        let before = try bytes(path)
        let results = try inRanks(2) { try Self.run($0, in: path, resumes: true) }
        #expect(results.map(\.step) == [8, 8])
        #expect(try bytes(path) == before)
    }

    @Test("Another number of ranks goes on from the end of an epoch, not from the middle of one")
    func otherCount() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        _ = try inRanks(2) { try Self.run($0, in: path, stop: (0, 1)) }
        let error = #expect(throws: CheckpointError.self) { try TrainingRun.resume(path) }
        #expect(error?.description.contains("an epoch of 2 ranks, so start 2, not 1") == true)

        let ended = folder.path("ended")
        _ = try inRanks(2) { group in
            try Self.run(group, in: ended, recipe: Self.recipe(epochs: 1))
        }
        let run = try TrainingRun.resume(ended)
        #expect(!run.isExact)
        #expect(run.trainer.position.epoch == 1)
    }

    @Test("Where rank 0 cannot start the run, the others end too")
    func firstRankFails() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        try FileManager.default.createDirectory(
            atPath: path + "/something",
            withIntermediateDirectories: true
        )
        let results = try inRanksResults(2) { try Self.run($0, in: path) }
        #expect(throws: RunDirectoryError.exists(path: path)) { try results[0].get() }
        let error = #expect(throws: TorchError.self) { try results[1].get() }
        #expect(error?.message.hasPrefix("another rank has ended") == true)
    }

    @Test("Ranks with different data are refused")
    func otherData() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        let results = try inRanksResults(2) { group in
            let ranks = Ranks(group)
            let data = try Self.recipe().loadData()
            if group.rank == 0 {
                let run = try TrainingRun.start(Self.recipe(), at: path, data: data, ranks: ranks)
                _ = try run.run()
            } else {
                try RunFollower(ranks, data: data.limited(perClass: 10, seed: 1)).run()
            }
        }
        #expect(throws: TorchError.self) { try results[0].get() }
        let error = #expect(throws: TrainingError.self) { try results[1].get() }
        #expect(error?.description.contains("rank 1 has 100 training examples, but rank 0") == true)
    }

    @Test("A part with a single row is refused where the network normalises")
    func singleRow() throws {
        var recipe = Self.recipe()
        // Of 200 examples the last step has 8, which makes two parts of two and four of one.
        recipe.training.batchSize = 32
        recipe.training.accumulate = 6
        let data = try recipe.loadData()
        let error = #expect(throws: TrainingError.self) { try recipe.makeTrainer(data: data) }
        #expect(error?.description.contains("in minibatches of 6 × 32 has a single one") == true)
        recipe.model.batchNorm = false
        #expect(try recipe.makeTrainer(data: data).batchesPerEpoch == 2)
    }
}
