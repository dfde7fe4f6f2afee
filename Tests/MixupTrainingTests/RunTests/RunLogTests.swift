import Foundation
import Testing

@testable import MixupTraining

@Suite("What a run writes down")
struct RunLogTests {
    private func recipe() -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 3
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        return recipe
    }

    /// Stops a run after so many steps.
    private func stop(_ run: TrainingRun, after steps: Int) throws {
        var count = 0
        let outcome = try run.run(shouldStop: {
            count += 1
            return count == steps
        })
        #expect(outcome == .stopped)
    }

    /// The table of a run without its two columns of seconds.
    private func summary(_ folder: ScratchFolder, _ run: String) throws -> [[Substring]] {
        try folder.text(run + "/summary.csv").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2).map(\.self)
        }
    }

    @Test("A resumed run reports the same figures and table as one that was never stopped")
    func resumed() throws {
        let folder = try ScratchFolder()
        let whole = try TrainingRun.start(recipe(), at: folder.path("whole"))
        _ = try whole.run()
        let figures = try #require(whole.figures)
        #expect(figures.last.error == whole.lastTest?.error)
        #expect(figures.best.error == whole.best?.error)
        #expect(whole.directory.figures() == figures)
        // After the last step of an epoch, in the middle of one.
        for steps in [5, 7] {
            let name = "stopped-\(steps)"
            try stop(TrainingRun.start(recipe(), at: folder.path(name)), after: steps)
            #expect(try RunDirectory.open(folder.path(name)).figures() == nil)
            let resumed = try TrainingRun.resume(folder.path(name))
            _ = try resumed.run()
            #expect(resumed.figures == figures)
            #expect(resumed.directory.figures() == figures)
            #expect(try summary(folder, name) == summary(folder, "whole"))
        }
    }

    @Test("The table has a line an evaluated epoch, with the figures of the log")
    func table() throws {
        let folder = try ScratchFolder()
        var seldom = recipe()
        seldom.training.evaluateEvery = 2
        let run = try TrainingRun.start(seldom, at: folder.path("run"))
        _ = try run.run()
        let lines = try summary(folder, "run")
        #expect(lines[0] == EpochRow.titles.map { $0[...] })
        #expect(lines.dropFirst().map { $0[0] } == ["2", "3"])
        let rows = try MetricsLog.read(run.directory.metricsPath, as: EpochRow.self)
        #expect(rows.map(\.epoch) == [1, 2, 3])
        for (line, row) in zip(lines.dropFirst(), rows.filter(\.isEvaluated)) {
            #expect(Double(line[2]) == row.trainingLoss)
            #expect(line[4...5].joined().isEmpty)
            #expect(Double(line[6]) == row.testError)
            #expect(Double(line[7]) == row.testNegativeLogLikelihood)
        }
    }

    @Test("The seconds of a run and of its epochs outlive a stop")
    func seconds() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        let start = ContinuousClock.now
        try stop(TrainingRun.start(recipe(), at: path), after: 7)
        let before = try RunDirectory.open(path).seconds()
        let resumed = try TrainingRun.resume(path)
        _ = try resumed.run()
        let rows = try MetricsLog.read(path + "/times.jsonl", as: TimesRow.self)
        #expect(rows.map(\.epoch) == [1, 2, 2, 3])
        #expect(rows.map(\.step) == [5, 7, 10, 15])
        #expect(rows.allSatisfy { $0.training > 0 && $0.evaluation >= 0 })
        let evaluated = rows.filter { $0.step % 5 == 0 }
        #expect(evaluated.allSatisfy { $0.evaluation > 0 })
        let seconds = try resumed.directory.seconds()
        #expect(before > 0 && before < seconds)
        #expect(seconds < (ContinuousClock.now - start) / .seconds(1))
        let lines = try folder.text("run/summary.csv").split(separator: "\n").dropFirst()
        let inTable = lines.map { $0.split(separator: ",").suffix(2).compactMap { Double($0) } }
        let training = rows[1].training + rows[2].training
        #expect(abs(inTable[1][0] - training) < 1e-9)
        #expect(abs(inTable.joined().reduce(0, +) - seconds) < 1e-9)
    }

    @Test("An epoch whose row was written, but not its checkpoint, is in the log once")
    func killedBetween() throws {
        let folder = try ScratchFolder()
        let whole = try TrainingRun.start(recipe(), at: folder.path("whole"))
        _ = try whole.run()
        let path = folder.path("run")
        try stop(TrainingRun.start(recipe(), at: path), after: 5)
        // The run goes on, evaluates, and is killed before its next checkpoint.
        let log = try folder.text("whole/metrics.jsonl")
        let first = try #require(log.split(separator: "\n").first)
        try folder.write(first + "\n", "run/metrics.jsonl")
        _ = try TrainingRun.resume(path).run()
        #expect(try folder.text("run/metrics.jsonl") == log)
    }

    @Test("Tables and curves that cannot be written do not end a training")
    func noTable() throws {
        let folder = try ScratchFolder()
        let run = try TrainingRun.start(recipe(), at: folder.path("run"))
        for name in ["summary.csv", "times.jsonl"] {
            let path = folder.path("run/" + name)
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false
            )
        }
        #expect(try run.run() == .finished)
        let failure = try #require(run.logFailure as? FileError)
        #expect(failure.path.hasSuffix("times.jsonl"))
        #expect(try TrainedModel(run: folder.path("run")).position.epoch == 3)
        #expect(run.directory.figures()?.last.epochs == [3])
    }

    @Test("A run that goes on from an earlier checkpoint is not finished until it is again")
    func unfinished() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        let whole = try TrainingRun.start(recipe(), at: path)
        _ = try whole.run()
        let figures = try #require(whole.figures)
        // One process holds one lock on a run.
        let other = folder.path("other")
        try FileManager.default.copyItem(atPath: path, toPath: other)
        let run = try TrainingRun.resume(other, checkpoint: "previous")
        #expect(run.directory.figures() == nil)
        #expect(run.figures?.last.epochs == [2])
        _ = try run.run()
        #expect(run.directory.figures() == figures)
    }
}
