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

            With --processes, or under torchrun, several processes train together: each on its own \
            minibatch of --batch-size, all by the mean of their gradients. Only the first writes. A \
            run that torchrun starts again goes on from its last checkpoint.
              manifold-mixup train --data digits --processes 2 --output runs/two
              torchrun --nproc-per-node 4 --no-python manifold-mixup train …

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
    @OptionGroup(title: "Processes") var rankOptions: RankOptions

    func validate() throws {
        if resume != nil, try !options.isEmpty || output != nil || seeds != nil || printRecipe {
            throw ValidationError(
                "--resume takes all settings from the run's own recipe; leave all others but "
                    + "--max-time and --device out"
            )
        }
        if checkpoint != nil, resume == nil {
            throw ValidationError("--checkpoint goes with --resume")
        }
        try Series.validate(seeds: seeds)
        if seeds != nil, try rankOptions.processes ?? RankEnvironment()?.count ?? 1 > 1 {
            throw ValidationError("several processes train one run together; leave --seeds out")
        }
    }

    func run() throws {
        if printRecipe {
            print(try options.resolved().yaml(), terminator: "")
            return
        }
        // What is wrong with the settings is said once, not by every process.
        if rankOptions.processes != nil, resume == nil { _ = try options.resolved() }
        try rankOptions.launch()
        StopSignals.install()
        if let seeds { return try trainSeries(seeds) }
        let ranks = try rankOptions.join()
        guard ranks.rank == 0 else { return try follow(ranks) }
        let run = try openRun(ranks)
        let bar = ProgressBar(quiet: quiet)
        bar.note(headline(of: run))
        bar.note("engine: \(run.trainer.engineSummary), on \(run.trainer.device)")
        if !run.isExact {
            warn(
                "note: the run was started with another libtorch, device, CPU, or number of threads or "
                    + "processes, so the result may differ"
            )
        }
        let outcome = try run.run(
            shouldStop: { StopSignals.requested != nil },
            onStep: { report in
                bar.update(
                    TrainingProgress(report, of: run.trainer),
                    examples: run.trainer.examplesPerStep
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

    /// What every process but the first does.
    private func follow(_ ranks: Ranks) throws {
        let isComplete = try RunFollower(ranks).run(shouldStop: { StopSignals.requested != nil })
        if !isComplete, let code = StopSignals.exitCode { throw ExitCode(code) }
    }

    private func openRun(_ ranks: Ranks) throws -> TrainingRun {
        if let resume {
            let run = try TrainingRun.resume(
                resume,
                checkpoint: checkpoint,
                device: options.training.device,
                ranks: ranks
            )
            if let maxTime = options.training.maxTime { run.maximumTime = maxTime }
            return run
        }
        let recipe = try options.resolved()
        let environment = try RankEnvironment()
        guard let output else {
            guard environment?.mayRestart != true else {
                throw ValidationError(
                    "torchrun may start the run again, which must then find it: give --output"
                )
            }
            return try .start(recipe, at: Self.defaultOutput(for: recipe), ranks: ranks)
        }
        if environment?.restartCount ?? 0 > 0, let run = try restarted(recipe, in: output, ranks) {
            return run
        }
        return try .start(recipe, at: output, ranks: ranks)
    }

    /// The run that an earlier attempt of the same ranks has begun, if it came so far.
    private func restarted(
        _ recipe: Recipe,
        in output: String,
        _ ranks: Ranks
    ) throws -> TrainingRun? {
        guard let before = try? RunDirectory.open(output).recipe() else { return nil }
        guard before == recipe else {
            throw RunDirectoryError.exists(path: output)
        }
        warn("started again: going on with the run in \(output)")
        return try .resume(output, ranks: ranks)
    }

    private func headline(of run: TrainingRun) -> String {
        let trainer = run.trainer
        return "training \(run.recipe.model.name.rawValue) on \(trainer.data.train.name) "
            + "(\(trainer.data.train.count) examples), method \(trainer.settings.mixup?.summary ?? "none")"
            + ", loss \(trainer.settings.loss.rawValue), from step \(trainer.position.step)"
            + (trainer.ranks.count > 1 ? ", by \(trainer.ranks.count) processes" : "")
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
