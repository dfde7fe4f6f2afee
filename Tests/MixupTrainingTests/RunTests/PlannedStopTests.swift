import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Runs that end or pause before their last epoch")
struct PlannedStopTests {
    private func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 3
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        change(&recipe)
        return recipe
    }

    private func edit(_ run: String, _ old: String, _ new: String) throws {
        let url = URL(fileURLWithPath: run + "/recipe.yaml")
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(old))
        try Data(text.replacing(old, with: new).utf8).write(to: url)
    }

    @Test("A run stops when its time is over, has all of it again when resumed, and stays exact")
    func maximumTime() throws {
        let folder = try ScratchFolder()
        let whole = try TrainingRun.start(recipe(), at: folder.path("whole"))
        #expect(try whole.run() == .finished)

        let path = folder.path("paused")
        var seconds = 100.0
        func clock() -> Double {
            seconds += 1
            return seconds
        }
        do {
            let run = try TrainingRun.start(
                recipe { $0.training.maxTime = TimeSpan("4s") },
                at: path
            )
            run.clock = clock
            #expect(try run.run() == .outOfTime)
            #expect(run.trainer.position.step == 4)
        }
        do {
            let run = try TrainingRun.resume(path)
            run.clock = clock
            #expect(try run.run() == .outOfTime)
            #expect(run.trainer.position.step == 8)
        }
        // Another time is no other training.
        try edit(path, "max-time: 4s", "max-time: 2s")
        do {
            let run = try TrainingRun.resume(path)
            #expect(run.maximumTime == TimeSpan("2s"))
            run.clock = clock
            #expect(try run.run() == .outOfTime)
            #expect(run.trainer.position.step == 10)
        }
        let run = try TrainingRun.resume(path)
        run.maximumTime = nil
        #expect(try run.run() == .finished)
        #expect(try run.trainer.weightBytes() == whole.trainer.weightBytes())
        #expect(run.lastTest == whole.lastTest)
    }

    @Test("Who asks a run to stop is told that it was stopped, also when its time is over")
    func askedFirst() throws {
        let folder = try ScratchFolder()
        let run = try TrainingRun.start(
            recipe { $0.training.maxTime = TimeSpan("1s") },
            at: folder.path("run")
        )
        var seconds = 0.0
        run.clock = {
            seconds += 10
            return seconds
        }
        #expect(try run.run(shouldStop: { true }) == .stopped)
    }

    @Test("A run that stopped early is finished, with a result, and does not go on")
    func earlyStop() throws {
        let folder = try ScratchFolder()
        let patient = recipe {
            $0.optimizer.learningRate = 0
            $0.training.epochs = 9
            $0.training.patience = 2
        }
        let run = try TrainingRun.start(patient, at: folder.path("run"))
        #expect(try run.run() == .finished)
        #expect(run.trainer.hasStoppedEarly)
        #expect(run.trainer.position.epoch == 3)
        #expect(run.best?.epoch == 1)
        #expect(run.lastTest != nil)

        let stopped = folder.path("stopped")
        do {
            var steps = 0
            let run = try TrainingRun.start(patient, at: stopped)
            let outcome = try run.run(shouldStop: {
                steps += 1
                return steps == 12
            })
            #expect(outcome == .stopped)
        }
        for _ in 1...2 {
            let resumed = try TrainingRun.resume(stopped)
            #expect(try resumed.run() == .finished)
            #expect(resumed.trainer.position == run.trainer.position)
            #expect(resumed.best == run.best)
            #expect(resumed.lastTest == run.lastTest)
            #expect(resumed.trainer.hasStoppedEarly)
        }
    }

    @Test("A model that is read back has the averaged weights, which gave the run's results")
    func averagedModel() throws {
        let folder = try ScratchFolder()
        let run = try TrainingRun.start(
            recipe { $0.training.emaDecay = 0.8 },
            at: folder.path("run")
        )
        #expect(try run.run() == .finished)
        let read = try TrainedModel(run: folder.path("run"))
        #expect(try read.evaluate() == run.lastTest)
        #expect(try run.trainer.model.evaluate(on: run.trainer.data.test) != run.lastTest)
        let trained = folder.path("run") + "/checkpoints/last/model.safetensors"
        let tensors = try Safetensors(path: trained).tensors
        #expect(
            try [UInt8](Safetensors(tensors: tensors).encoded()) == run.trainer.weightBytes()
        )
    }

    @Test("A run cannot be given an average, clipping or another order in memory in between")
    func changedRecipe() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        do {
            let run = try TrainingRun.start(recipe(), at: path)
            #expect(try run.run(shouldStop: { true }) == .stopped)
        }
        for (old, new) in [
            ("ema-decay: null", "ema-decay: 0.9"), ("clip-norm: null", "clip-norm: 1.0"),
            ("patience: null", "patience: 3"), ("channels-last: false", "channels-last: true"),
        ] {
            try edit(path, old, new)
            let error = #expect(throws: CheckpointError.self) { try TrainingRun.resume(path) }
            #expect(error?.description.contains("was changed since") == true)
            try edit(path, new, old)
        }
        #expect(try TrainingRun.resume(path).trainer.position.step == 1)
    }
}
