import ArgumentParser
import MixupData
import MixupTraining

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Measure a trained run beyond its test error.",
        subcommands: [
            AnalyzeSpectrumCommand.self, AnalyzeAttackCommand.self, AnalyzeDeformCommand.self,
            AnalyzeCalibrateCommand.self,
        ]
    )

    /// Which part of a run's data set is looked at.
    enum Part: String, ExpressibleByArgument, CaseIterable {
        case train, test
    }

    /// Which run, and which of its examples.
    struct Subject: ParsableArguments {
        @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
        var folder: String

        @Option(
            name: .long,
            help: ArgumentHelp(
                "Which checkpoint: last (default), previous, best, or epoch-N.",
                valueName: "name"
            )
        )
        var checkpoint: String?

        @Option(name: .long, help: "Which of the run's examples.")
        var part: Part = .test

        /// The model, and the examples to measure it on.
        func load() throws -> (trained: TrainedModel, examples: Dataset) {
            let trained = try TrainedModel(run: folder, checkpoint: checkpoint)
            return (trained, part == .train ? trained.data.train : trained.data.test)
        }
    }
}
