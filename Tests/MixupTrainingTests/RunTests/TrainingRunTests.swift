import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Runs")
struct TrainingRunTests {
    private func recipe(epochs: Int = 3) -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = epochs
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        return recipe
    }

    private struct Row: Decodable {
        let test_error: Double
        let validation_error: Double?
        let validation_nll: Double?
    }

    private func rows(_ run: TrainingRun) throws -> [[String: Any]] {
        try String(contentsOfFile: run.directory.metricsPath, encoding: .utf8)
            .split(separator: "\n")
            .map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
    }

    // FMix #28, pytorch-speech-commands #5: an accuracy on mixed minibatches means nothing.
    @Test("The log has a row an epoch, with no accuracy on mixed minibatches")
    func log() throws {
        let folder = try ScratchFolder()
        let run = try TrainingRun.start(recipe(), at: folder.path("run"))
        #expect(try run.run() == .finished)
        let rows = try rows(run)
        let keys: Set = [
            "epoch", "step", "train_loss", "learning_rate", "test_error", "test_nll",
            "test_top5_error",
        ]
        #expect(rows.allSatisfy { Set($0.keys) == keys })
        #expect(rows.map { $0["epoch"] as? Int } == [1, 2, 3])
        let log = try String(contentsOfFile: run.directory.metricsPath, encoding: .utf8)
        let errors = try log.split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8)).test_error
        }
        #expect(errors.last == run.lastTest?.error)
        #expect(errors.min() == run.best?.error)
    }

    @Test("With held-out examples the best epoch is chosen on them, and the log tells of them")
    func holdOut() throws {
        let folder = try ScratchFolder()
        var recipe = recipe()
        recipe.data.holdOut = 0.25
        let run = try TrainingRun.start(recipe, at: folder.path("run"))
        let whole = try Recipe().loadData()
        #expect(run.trainer.data.validation?.count == 337)
        #expect(run.trainer.data.train.count == whole.train.count - 337)
        #expect(run.trainer.data.test.count == whole.test.count)
        var reports: [EpochReport] = []
        #expect(try run.run(onEpoch: { reports.append($0) }) == .finished)
        #expect(reports.allSatisfy { $0.validation?.count == 337 && $0.test != nil })
        let log = try String(contentsOfFile: run.directory.metricsPath, encoding: .utf8)
        let rows = try log.split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
        let errors = rows.compactMap(\.validation_error)
        #expect(errors == reports.compactMap { $0.validation?.error })
        #expect(
            rows.compactMap(\.validation_nll)
                == reports.compactMap { $0.validation?.negativeLogLikelihood }
        )
        #expect(run.best?.error == errors.min())
        let best = try #require(run.best)
        let chosen = try TrainedModel(run: folder.path("run"), checkpoint: "best")
        #expect(chosen.position.epoch == best.epoch)
        let held = try #require(chosen.data.validation)
        #expect(
            try chosen.model.evaluate(on: held).negativeLogLikelihood == best.negativeLogLikelihood
        )
    }

    @Test("A part of the data is the same for every training seed")
    func sharedPart() throws {
        var recipe = recipe()
        recipe.data.perClass = 20
        recipe.data.holdOut = 0.2
        let first = try recipe.loadData()
        recipe.training.seed = 2
        let second = try recipe.loadData()
        #expect(first.train.classCounts == [Int](repeating: 16, count: 10))
        #expect(first.validation?.classCounts == [Int](repeating: 4, count: 10))
        let bytes = [first, second].map { splits -> [UInt8] in
            guard case .bytes(let values) = splits.train.features else { return [] }
            return values
        }
        #expect(bytes[0] == bytes[1])
        #expect(bytes[0].count == 160 * 64)
        recipe.data.splitSeed = 1
        guard case .bytes(let other) = try recipe.loadData().train.features else { return }
        #expect(other != bytes[0])
    }

    @Test("A run stops where it is asked to, and goes on from there")
    func stopAndResume() throws {
        let folder = try ScratchFolder()
        let whole = try TrainingRun.start(recipe(), at: folder.path("whole"))
        _ = try whole.run()
        // At the last step of an epoch, in the middle of one, and at the first step.
        for stop in [5, 7, 1] {
            let path = folder.path("stopped-\(stop)")
            var steps = 0
            func count() -> Bool {
                steps += 1
                return steps == stop
            }
            do {
                let run = try TrainingRun.start(recipe(), at: path)
                #expect(try run.run(shouldStop: count) == .stopped)
            }
            let resumed = try TrainingRun.resume(path)
            #expect(resumed.isExact)
            #expect(resumed.trainer.position.step == stop)
            #expect(try resumed.run() == .finished)
            #expect(try resumed.trainer.weightBytes() == whole.trainer.weightBytes())
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: resumed.directory.metricsPath))
                    == Data(contentsOf: URL(fileURLWithPath: whole.directory.metricsPath))
            )
        }
    }

    @Test("A run that goes on from the previous checkpoint makes it the last one")
    func resumeFromPrevious() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        _ = try TrainingRun.start(recipe(), at: path).run()
        try Data("broken".utf8).write(
            to: URL(fileURLWithPath: path + "/checkpoints/last/model.safetensors")
        )
        let error = #expect(throws: CheckpointError.self) { try TrainingRun.resume(path) }
        #expect(error?.description.contains("--checkpoint previous") == true)
        do {
            let run = try TrainingRun.resume(path, checkpoint: "previous")
            #expect(run.trainer.position.epoch == 2)
            #expect(try run.run(shouldStop: { true }) == .stopped)
        }
        let run = try TrainingRun.resume(path)
        #expect(run.trainer.position.step == 11)
        let checkpoints = CheckpointFolder(path: run.directory.checkpointsPath)
        #expect(try checkpoints.read("previous").state.position.step == 10)
    }

    @Test("Every n-th epoch is kept where the recipe says so")
    func keptEpochs() throws {
        let folder = try ScratchFolder()
        var recipe = recipe(epochs: 5)
        recipe.training.keepEpochs = 2
        let run = try TrainingRun.start(recipe, at: folder.path("run"))
        _ = try run.run()
        let names = Set(CheckpointFolder(path: run.directory.checkpointsPath).names())
        #expect(names.isSuperset(of: ["last", "previous", "best", "epoch-2", "epoch-4"]))
        let kept = try TrainedModel(run: run.directory.path, checkpoint: "epoch-2")
        #expect(kept.position.epoch == 2)
    }

    @Test("A trained model that is read back gives the run's own result")
    func trainedModel() throws {
        let folder = try ScratchFolder()
        let run = try TrainingRun.start(recipe(), at: folder.path("run"))
        _ = try run.run()
        #expect(try TrainedModel(run: folder.path("run")).evaluate() == run.lastTest)
    }

    @Test("A recipe that the model or the data cannot follow makes no folder")
    func nothingMade() throws {
        let folder = try ScratchFolder()
        var missingSite = recipe()
        missingSite.method.layers = [0, 2]
        #expect(throws: MixupError.self) {
            try TrainingRun.start(missingSite, at: folder.path("run"))
        }
        var singleRow = recipe()
        singleRow.model.batchNorm = true
        singleRow.training.batchSize = 1347
        #expect(throws: TrainingError.self) {
            try TrainingRun.start(singleRow, at: folder.path("run"))
        }
        let table = folder.path("table.csv")
        try Data("1,2,a\n2,1,b\n1,3,a\n3,1,b\n".utf8).write(to: URL(fileURLWithPath: table))
        var noImages = recipe()
        noImages.data.source = [table]
        noImages.augmentation.flip = true
        let error = #expect(throws: DataError.self) {
            try TrainingRun.start(noImages, at: folder.path("run"))
        }
        #expect(error?.description.contains("turn flip, crop-padding and cutout off") == true)
        #expect(try folder.names() == ["table.csv"])
    }
}
