import ArgumentParser
import Foundation
import MixupData
import MixupTraining

extension Series {
    /// Refuses a number of seeds that cannot be meant.
    static func validate(seeds: Int?) throws {
        guard let seeds, !(1...1000).contains(seeds) else { return }
        throw ValidationError("--seeds must be 1 to 1000, not \(seeds)")
    }

    /// Trains every member with progress, until a signal asks to stop.
    func run(_ recipe: Recipe, in folder: String?, bar: ProgressBar) throws -> SeriesResult {
        let data = try recipe.loadData()
        bar.note(
            "\(members.count) trainings of \(recipe.training.epochs) epochs on \(data.train.count) "
                + "examples of \(data.train.name)"
        )
        let result = try run(
            in: folder,
            data: data,
            shouldStop: { StopSignals.requested != nil },
            onStep: { number, trainer, report in
                bar.update(
                    TrainingProgress(
                        unit: "training",
                        epoch: number + 1,
                        epochs: members.count,
                        step: report.position.step,
                        steps: trainer.settings.epochs * trainer.batchesPerEpoch,
                        loss: report.loss,
                        learningRate: report.learningRate
                    ),
                    examples: trainer.settings.batchSize
                )
            },
            onEnd: { number, run, isNew in
                bar.note("\(members[number].name): \(run.line)" + (isNew ? "" : ", trained before"))
            }
        )
        bar.finish()
        if let result { return result }
        warn(
            folder.map { "stopped and saved; go on with the same command and --output \($0)" }
                ?? "stopped; a comparison without --output keeps nothing, so start it again"
        )
        throw ExitCode(StopSignals.exitCode ?? 0)
    }
}

extension SeriesResult {
    /// What the figures are, to stand below them.
    var note: String {
        "Mean ± standard deviation over the seeds. "
            + (runs.first?.figures.bestChosenBy.text ?? "")
    }
}

extension SeriesResult.Run {
    /// The result on one line.
    fileprivate var line: String {
        "test error \(percent(figures.last.error))"
            + (figures.last.negativeLogLikelihood.map { String(format: ", test NLL %.4f", $0) }
                ?? "")
            + String(format: ", %.0f s", seconds)
    }
}
