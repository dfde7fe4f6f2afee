import ArgumentParser
import MixupTraining

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Evaluate a trained run on its test set, without mixing.",
        discussion: """
            Prints the test error, the mean negative log likelihood (natural logarithm), and the \
            top-5 error for data with more than five classes.
            """
    )

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which checkpoint: last (default), previous, best, or epoch-N.",
            discussion:
                "best is chosen on the hold-out, or without one on the test set, as the paper "
                + "did; that flatters it.",
            valueName: "name"
        )
    )
    var checkpoint: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to compute: auto, cpu, cuda, or cuda:N (default: what the run's recipe says).",
            valueName: "device"
        )
    )
    var device: DeviceChoice?

    @Flag(name: .long, help: "Print JSON: count, error, nll, top5_error.")
    var json = false

    func run() throws {
        let result = try TrainedModel(run: folder, checkpoint: checkpoint, device: device)
            .evaluate()
        print(json ? try result.json() : result.text)
    }
}
