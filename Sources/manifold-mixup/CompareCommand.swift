import ArgumentParser
import MixupData
import MixupTraining

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Train with several methods and seeds, and print one table.",
        discussion: """
            Every method keeps its own α and layers; all other settings are the same.

            With --output every training is a run in FOLDER/METHOD/seed-N, and FOLDER/summary.csv \
            has a row for each; the same command goes on after a stop. Without, nothing is written \
            to disk. The figures are the same.
            """
    )

    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp("The methods (default: the paper's three).", valueName: "method")
    )
    var methods: [Recipe.Method.Name] = []

    @Option(name: .long, help: ArgumentHelp("How many seeds, from --seed on.", valueName: "n"))
    var seeds = 3

    @Option(
        name: .long,
        help: ArgumentHelp("Keep every training in this folder.", valueName: "folder")
    )
    var output: String?

    @Option(
        name: .long,
        help:
            "Which figures the table has: of the best epoch, the last, or the mean of the last ten."
    )
    var figures: RunFigures.Kind = .last

    @Flag(name: .long, help: "Print JSON: every result of every seed.")
    var json = false

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    @OptionGroup var options: RecipeOptions

    func validate() throws {
        try Series.validate(seeds: seeds)
    }

    func run() throws {
        StopSignals.install()
        let recipe = try options.resolved()
        let methods = methods.isEmpty ? Recipe.Method.Name.paper : methods
        let series = try Series(recipe, methods: methods, seeds: seeds)
        let result = try series.run(recipe, in: output, bar: ProgressBar(quiet: quiet))
        guard !json else { return print(try result.json()) }
        print(result.table(figures).text)
        if figures == .best { print(result.note) }
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
