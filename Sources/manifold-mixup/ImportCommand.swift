import ArgumentParser
import Foundation
import MixupData
import MixupTraining

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a run of weights from elsewhere, to evaluate, analyze or train on.",
        discussion: """
            Examples:
              manifold-mixup import best.safetensors --data digits --output runs/imported
              scripts/checkpoint-to-safetensors checkpoint.pth.tar theirs.safetensors
              manifold-mixup import theirs.safetensors --data cifar-10 --output runs/theirs
              manifold-mixup evaluate runs/theirs

            The network is the one that the file describes or, where it describes none, the one that \
            its tensors belong to; flags say what tensors do not show, such as --activation or \
            --initial-stride. Names may begin with module., as in the checkpoints of the paper's \
            authors.

            The run stands at step 0: train --resume goes on from it by its recipe. To begin a new \
            training with such weights, train --initial-weights does without this step.
            """
    )

    @Argument(help: ArgumentHelp("The safetensors file.", valueName: "file"))
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The folder of the run, which must not exist yet.", valueName: "folder")
    )
    var output: String

    @OptionGroup var options: RecipeOptions

    func validate() throws {
        guard options.recipe != nil || !options.data.data.isEmpty else {
            throw ValidationError(
                "--data says which data the weights are for, and --recipe can say more"
            )
        }
        guard options.model.initialWeights == nil else {
            throw ValidationError("the file itself is what the run begins with")
        }
    }

    func run() throws {
        let weights = try WeightsFile(path: file)
        var usual = Recipe()
        if options.recipe == nil, options.model.model == nil {
            usual.model = try weights.model()
            usual.training.precision = weights.description?.precision ?? .float32
        }
        var recipe = try options.resolved(over: usual)
        recipe.model.initialWeights = URL(fileURLWithPath: file).standardizedFileURL.path
        let data = try recipe.loadData()
        if let description = weights.description { compare(description, with: data.train) }
        let run = try TrainingRun.start(recipe, at: output, data: data)
        try run.save()
        print(
            "\(output): \(recipe.model.summary), \(data.train.classCount) classes; evaluate it on "
                + "\(data.test.name) by: manifold-mixup evaluate \(output)"
        )
    }

    /// Says where the data are not what the weights were trained on.
    private func compare(_ description: ModelDescription, with data: Dataset) {
        if description.classNames != data.classNames {
            warn(
                "note: the file's classes have other names than those of \(data.name); the order of "
                    + "both is taken to be the same"
            )
        }
        if description.input.normalization != data.normalization {
            warn(
                "note: the weights were trained on inputs of another normalisation than that of "
                    + "\(data.name), so they may do worse on it"
            )
        }
    }
}
