import ArgumentParser
import LibTorch
import MixupAnalysis
import MixupTraining

extension ExperimentScale: ExpressibleByArgument {}

struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Do an experiment of the paper again, and write a report.",
        discussion: """
            Trains what the experiment needs, measures it, and writes FOLDER/report.html (charts \
            and tables in one page that opens from disk), FOLDER/numbers.json and \
            FOLDER/tables/*.csv. The experiments:
            \(Experiments.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

            Exits with 1 where a prediction that must hold does not.

            layers, alpha, blocking and robustness keep every training in FOLDER/runs. Ctrl-C lets \
            them finish the step, saves, and exits with 130; the same command goes on, and ends with \
            the same numbers.
            """
    )

    @Argument(help: "The experiment: \(Experiments.all.map(\.name).joined(separator: ", ")).")
    var name: String

    @Option(
        name: .long,
        help: """
            How much is done: smoke, less than a minute; quick, less than a quarter of an hour on \
            two cores; paper, the full protocol.
            """
    )
    var scale: ExperimentScale = .quick

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How many repetitions (default: 1, 3 or 5 as the scale is; at quick, layers and alpha 2).",
            valueName: "n"
        )
    )
    var seeds: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the report goes (default: runs/reproduce-NAME-SCALE).",
            valueName: "folder"
        )
    )
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The folder that data sets are looked for in.", valueName: "folder")
    )
    var dataDir: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Threads of one operation; small networks gain little from more than one.",
            discussion: "layers, alpha, blocking and robustness have their own number.",
            valueName: "n"
        )
    )
    var threads = 1

    @Flag(name: .long, help: "Show no progress.")
    var quiet = false

    func validate() throws {
        try Series.validate(seeds: seeds)
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads must be 1 to 1024, not \(threads)")
        }
        do {
            _ = try Experiments.named(name)
        } catch let error as ReportError {
            throw ValidationError(error.message)
        }
    }

    func run() throws {
        let experiment = try Experiments.named(name)
        // What could be wrong with the report should show before the work, not after.
        let folder = try ReportFolder(output ?? "runs/reproduce-\(name)-\(scale.rawValue)")
        let library = try ChartLibrary.find()
        try LibTorchRuntime.setThreadCount(threads)
        let result = try result(of: experiment, in: folder)
        try folder.write(result, library: library)
        for table in result.sections.flatMap(\.tables) {
            print("\(table.title)\n\n\(table.table.text)")
        }
        print("report: \(folder.pagePath)")
        if library == nil { warn("the report has no charts: \(ChartLibrary.cure)") }
        if let failure = result.failure {
            warn("error: \(failure)")
            throw ExitCode.failure
        }
    }

    private func result(
        of experiment: any Experiment,
        in folder: ReportFolder
    ) throws -> ExperimentResult {
        func progress(_ line: String) { if !quiet { warn(line) } }
        guard let experiment = experiment as? any ResumableExperiment else {
            return try experiment.run(
                scale: scale,
                seeds: seeds,
                dataDirectory: dataDir,
                progress: progress
            )
        }
        StopSignals.install()
        let result = try experiment.run(
            scale: scale,
            seeds: seeds,
            dataDirectory: dataDir,
            folder: folder.runsPath,
            shouldStop: { StopSignals.requested != nil },
            progress: progress
        )
        if let result { return result }
        warn("stopped and saved in \(folder.runsPath); go on with the same command")
        throw ExitCode(StopSignals.exitCode ?? 1)
    }
}
