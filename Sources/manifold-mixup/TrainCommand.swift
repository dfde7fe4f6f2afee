import ArgumentParser
import Foundation
import ManifoldMixup
import MixupData
import MixupTraining

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a classifier; the run can be stopped at any moment and resumed.",
        discussion: """
            Examples:
              manifold-mixup train --data digits --output runs/digits
              manifold-mixup train --recipe recipes/mnist-mlp.yaml --method input-mixup
              manifold-mixup train --data my.csv --widths 64,64 --layers 0,1 --alpha 1
              manifold-mixup train --resume runs/digits
              manifold-mixup train --data digits --seeds 5 --output runs/five

            The run's folder holds recipe.yaml (every setting), environment.json, metrics.jsonl, \
            times.jsonl, summary.csv, event files for TensorBoard, figures.json at the end, and \
            checkpoints/ with the links last, previous and best. Ctrl-C finishes the step, saves, and \
            exits with 130; when --max-time is over, the exit code is 0. A resumed run ends with the \
            same weights as one that was never stopped.

            With --seeds, the folder holds a run for each seed (seed-1, seed-2, …) and summary.csv \
            with a row for each. The same command with the same --output goes on after a stop.

            Reported are the best epoch, the last, and the mean of the last ten. The best is chosen \
            on the hold-out, or without one on the test set, as the paper did, which flatters it.
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The folder of the run or the series; a run's must not exist yet "
                + "(default: runs/DATE-DATA-METHOD).",
            valueName: "folder"
        )
    )
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Go on with the run in this folder, with its recipe.",
            valueName: "folder"
        )
    )
    var resume: String?

    @Option(
        name: .long,
        help: ArgumentHelp("With --resume, the checkpoint to go on from.", valueName: "name")
    )
    var checkpoint: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Train with so many seeds, from --seed on.", valueName: "n")
    )
    var seeds: Int?

    @Flag(name: .long, help: "Print the recipe with every setting, and do nothing else.")
    var printRecipe = false

    @Flag(name: .long, help: "Print the reported figures as JSON.")
    var json = false

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @OptionGroup var options: RecipeOptions

    func validate() throws {
        if resume != nil, try !options.isEmpty || output != nil || seeds != nil || printRecipe {
            throw ValidationError(
                "--resume takes all settings from the run's own recipe; leave all others but "
                    + "--max-time out"
            )
        }
        if checkpoint != nil, resume == nil {
            throw ValidationError("--checkpoint goes with --resume")
        }
        try Series.validate(seeds: seeds)
    }

    func run() throws {
        if printRecipe {
            print(try options.resolved().yaml(), terminator: "")
            return
        }
        StopSignals.install()
        if let seeds { return try trainSeries(seeds) }
        let run = try openRun()
        let bar = ProgressBar(quiet: quiet)
        bar.note(headline(of: run))
        bar.note("engine: \(run.trainer.engineSummary)")
        if !run.isExact {
            warn(
                "note: the run was started with another libtorch, CPU or number of threads, so the "
                    + "result may differ in its last bits"
            )
        }
        let outcome = try run.run(
            shouldStop: { StopSignals.requested != nil },
            onStep: { report in
                bar.update(
                    TrainingProgress(report, of: run.trainer),
                    examples: run.trainer.settings.batchSize
                )
            },
            onEpoch: { bar.note($0.line) }
        )
        bar.finish()
        let path = run.directory.path
        if outcome != .finished {
            let reason = outcome == .outOfTime ? "the time is over: " : ""
            let step = run.trainer.position.step
            warn(
                "\(reason)stopped and saved at step \(step); go on with: manifold-mixup train "
                    + "--resume \(path)"
            )
            // A planned pause is no failure.
            if outcome == .outOfTime { return }
            throw ExitCode(StopSignals.exitCode ?? 1)
        }
        if run.trainer.hasStoppedEarly, let patience = run.recipe.training.patience {
            warn(
                "stopped early after epoch \(run.trainer.position.epoch): no lower error on the "
                    + "\(run.trainer.data.selectionSet) for \(patience) epochs"
            )
        }
        if let figures = run.figures {
            print(json ? try figures.json() : figures.table().text + figures.bestChosenBy.text)
        }
        if let failure = run.logFailure {
            warn("note: \(failure); the figures are all in \(run.directory.metricsPath)")
        }
        if !quiet { warn("the run is in \(path)") }
    }

    private func trainSeries(_ seeds: Int) throws {
        let recipe = try options.resolved()
        let series = try Series(recipe, seeds: seeds)
        let output = output ?? Self.defaultOutput(for: recipe)
        let result = try series.run(recipe, in: output, bar: ProgressBar(quiet: quiet))
        guard !json else { return print(try result.json()) }
        print(result.table(of: recipe.method.name).text + result.note)
        if !quiet { warn("the runs are in \(output)") }
    }

    private func openRun() throws -> TrainingRun {
        if let resume {
            let run = try TrainingRun.resume(resume, checkpoint: checkpoint)
            if let maxTime = options.training.maxTime { run.maximumTime = maxTime }
            return run
        }
        let recipe = try options.resolved()
        return try .start(recipe, at: output ?? Self.defaultOutput(for: recipe))
    }

    private func headline(of run: TrainingRun) -> String {
        let trainer = run.trainer
        return "training \(run.recipe.model.name.rawValue) on \(trainer.data.train.name) "
            + "(\(trainer.data.train.count) examples), method \(trainer.settings.mixup?.summary ?? "none")"
            + ", loss \(trainer.settings.loss.rawValue), from step \(trainer.position.step)"
    }

    private static func defaultOutput(for recipe: Recipe) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        let source = recipe.data.source.first.map { URL(fileURLWithPath: $0) }
        let data = source?.deletingPathExtension().lastPathComponent ?? "data"
        return "runs/\(formatter.string(from: Date()))-\(data)-\(recipe.method.name.rawValue)"
    }
}
