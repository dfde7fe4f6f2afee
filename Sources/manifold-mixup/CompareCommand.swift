import ArgumentParser
import MixupData
import MixupTraining

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Train with several methods and seeds, and print one table.",
        discussion: """
            Every method keeps its own α and layers; all other settings are the same. Nothing is \
            written to disk.
            """
    )

    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The methods (default: none, input-mixup, manifold-mixup).",
            valueName: "method"
        )
    )
    var methods: [Recipe.Method.Name] = []

    @Option(name: .long, help: ArgumentHelp("How many seeds, from --seed on.", valueName: "n"))
    var seeds = 3

    @Flag(name: .long, help: "Print JSON: every result of every seed.")
    var json = false

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @OptionGroup var options: RecipeOptions

    func validate() throws {
        guard (1...1000).contains(seeds) else {
            throw ValidationError("--seeds must be 1 to 1000, not \(seeds)")
        }
    }

    func run() throws {
        StopSignals.install()
        let recipe = try options.resolved()
        let data = try recipe.loadData()
        let methods = methods.isEmpty ? Recipe.Method.Name.paper : methods
        let first = recipe.training.seed
        let bar = ProgressBar(quiet: quiet)
        let total = methods.count * seeds
        bar.note(
            "\(total) trainings of \(recipe.training.epochs) epochs on \(data.train.count) examples of "
                + data.train.name
        )
        let comparison = try Comparison.run(
            recipe,
            methods: methods,
            seeds: (0..<UInt64(seeds)).map { first &+ $0 },
            data: data,
            shouldStop: { StopSignals.requested != nil },
            onStep: { number, trainer, report in
                bar.update(
                    TrainingProgress(
                        unit: "training",
                        epoch: number + 1,
                        epochs: total,
                        step: report.position.step,
                        steps: trainer.settings.epochs * trainer.batchesPerEpoch,
                        loss: report.loss,
                        learningRate: report.learningRate
                    ),
                    examples: trainer.settings.batchSize
                )
            }
        )
        bar.finish()
        guard let comparison else {
            warn("stopped; a comparison keeps nothing, so start it again")
            throw ExitCode(StopSignals.exitCode ?? 1)
        }
        guard !json else { return print(try comparison.json()) }
        print(comparison.table().text)
        if methods == Recipe.Method.Name.paper { print(Self.expectation) }
    }

    /// What the paper reports, to hold the table against.
    private static let expectation = """
        Mean ± standard deviation over the seeds, on test examples that are not mixed.
        The paper leads one to expect the error to fall from none to input-mixup to manifold-mixup,
        and manifold-mixup to have the lowest NLL; that of input-mixup may exceed that of none.
        Its figures with PreActResNet-18 (Tables 1 and 2), in the order of the rows above:
          CIFAR-10  error 4.83, 3.82, 2.95 %  NLL 0.190, 0.186, 0.137
          SVHN      error 2.89, 2.76, 2.27 %  NLL 0.136, 0.212, 0.122
        """
}
