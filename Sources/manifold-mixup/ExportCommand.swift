import ArgumentParser
import MixupAnalysis
import MixupTraining

extension SavedModel.Weights: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write trained weights to one file that PyTorch and this program read.",
        discussion: """
            Examples:
              manifold-mixup export runs/first --output first.safetensors
              manifold-mixup export runs/first --checkpoint best --output best.safetensors
              manifold-mixup predict best.safetensors images/

            The tensors have the names of PyTorch's state_dict:
              model.load_state_dict(safetensors.torch.load_file("first.safetensors"))

            The file's metadata hold, as JSON under the key manifold-mixup, what the network is, the \
            shape and normalisation of its inputs, the classes' names and, if the run holds examples \
            out, a temperature that is fitted to them.
            """
    )

    @Argument(
        help: ArgumentHelp("The folder of a run, or one of its checkpoints.", valueName: "run")
    )
    var path: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "file"))
    var output: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which checkpoint of the run: last (default), previous, best, or epoch-N.",
            valueName: "name"
        )
    )
    var checkpoint: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which weights, in a run that keeps their average.",
            discussion:
                "evaluated are the averaged ones where there are any, else the trained ones."
        )
    )
    var weights: SavedModel.Weights = .evaluated

    func run() throws {
        let saved = try SavedModel(path: path, checkpoint: checkpoint, weights: weights)
        let temperature = try fittedTemperature(of: saved)
        try saved.export(to: output, temperature: temperature)
        let origin = saved.description.origin
        print(
            "\(output): \(origin.isAverage ? "averaged" : "trained") weights after epoch "
                + "\(origin.epoch), step \(origin.step), of \(saved.description.summary)"
        )
        if let temperature { print("with the \(temperature.summary)") }
    }

    /// Data that are not here are no reason to keep the weights back.
    private func fittedTemperature(
        of saved: SavedModel
    ) throws -> ModelDescription.FittedTemperature? {
        let model = try saved.makeModel()
        do {
            return try saved.fittedTemperature(of: model)
        } catch {
            warn("note: no temperature goes along: \(error)")
            return nil
        }
    }
}

extension ModelDescription.FittedTemperature {
    /// The temperature in a few words.
    var summary: String {
        "temperature \(value.fourDigits), fitted to \(exampleCount) held-out examples"
    }
}
