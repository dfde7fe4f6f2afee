import ArgumentParser
import ManifoldMixup
import LibTorch
import MixupTraining

/// What every command that trains takes: a recipe, and flags that override it.
struct RecipeOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A YAML file with the settings; flags override it.",
            discussion: "Without one, the defaults below hold.",
            valueName: "file"
        )
    )
    var recipe: String?

    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @OptionGroup(title: "Optimizer") var optimizer: OptimizerOptions
    @OptionGroup(title: "Training") var training: TrainingOptions

    /// The recipe that file and flags make together.
    func resolved() throws -> Recipe {
        var overrides = RecipeOverrides()
        data.apply(to: &overrides)
        model.apply(to: &overrides)
        try method.apply(to: &overrides)
        optimizer.apply(to: &overrides)
        training.apply(to: &overrides)
        let base = try recipe.map { try Recipe.load($0) } ?? Recipe()
        return try base.applying(overrides, source: recipe ?? "command line")
    }

    /// Whether any setting was given at all.
    var isEmpty: Bool {
        get throws {
            var overrides = RecipeOverrides()
            data.apply(to: &overrides)
            model.apply(to: &overrides)
            try method.apply(to: &overrides)
            optimizer.apply(to: &overrides)
            training.apply(to: &overrides)
            return recipe == nil && overrides == RecipeOverrides()
        }
    }
}

struct DataOptions: ParsableArguments {
    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "digits, mnist, or paths of your own data.",
            discussion: """
                digits is built in. mnist is searched under --data-dir, $MANIFOLD_MIXUP_DATA and \
                ./data. A folder holds IDX files under MNIST's names; one CSV file is split 75/25, \
                two are training and test set, the label in the last column.
                """,
            valueName: "name-or-path"
        )
    )
    var data: [String] = []

    @Option(name: .long, help: ArgumentHelp("Where named data sets lie.", valueName: "folder"))
    var dataDir: String?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.dataSource = data.isEmpty ? nil : data
        overrides.dataDirectory = dataDir
    }
}

struct ModelOptions: ParsableArguments {
    @Option(name: .long, help: "The network (default: mlp).")
    var model: Recipe.Model.Name?

    @Option(
        name: .long,
        help: ArgumentHelp("Units of each hidden layer (default: 256,256).", valueName: "n,n,…")
    )
    var widths: NumberList<Int>?

    @Option(name: .long, help: "The function after each hidden layer (default: relu).")
    var activation: Activation.Function?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("Probability of dropping a hidden unit.", valueName: "p")
    )
    var dropout: Double?

    @Flag(name: .long, inversion: .prefixedNo, help: "Normalise each hidden layer over the batch.")
    var batchNorm: Bool?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.model = model
        overrides.widths = widths?.values
        overrides.activation = activation
        overrides.dropout = dropout
        overrides.batchNorm = batchNorm
    }
}

struct MethodOptions: ParsableArguments {
    @Option(name: .long, help: "How to mix (default: manifold-mixup).")
    var method: Recipe.Method.Name?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "λ is drawn from Beta(a, a) (default: 2 for manifold-mixup, 1 for input-mixup).",
            valueName: "a"
        )
    )
    var alpha: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The boundaries that may be mixed, 0 being the input; or 'all' (default).",
            valueName: "k,k,…"
        )
    )
    var layers: String?

    @Option(
        name: .long,
        help: ArgumentHelp("How often each of --layers is chosen, relatively.", valueName: "w,w,…")
    )
    var layerWeights: NumberList<Double>?

    @Option(name: .long, help: "One λ for the batch (default) or one for each sample.")
    var lambda: Mixup.LambdaScope?

    @Flag(name: .long, inversion: .prefixedNo, help: "Replace λ by max(λ, 1 − λ).")
    var fold: Bool?

    @Option(name: .long, help: "Mix with the same minibatch shuffled (default) or a separate one.")
    var partner: Mixup.Partner?

    @Option(name: .long, help: "What falls (default: soft-cross-entropy).")
    var loss: MixupLoss?

    func apply(to overrides: inout RecipeOverrides) throws {
        overrides.method = method
        overrides.alpha = alpha
        if let layers {
            guard let parsed = RecipeOverrides.Layers(layers) else {
                throw ValidationError(
                    "--layers takes 'all' or numbers such as 0,1,2, not '\(layers)'"
                )
            }
            overrides.layers = parsed
        }
        overrides.layerWeights = layerWeights?.values
        overrides.lambda = lambda
        overrides.fold = fold
        overrides.partner = partner
        overrides.loss = loss
    }
}

struct OptimizerOptions: ParsableArguments {
    @Option(name: .long, help: "The optimizer (default: sgd).")
    var optimizer: Recipe.Optimizer.Name?

    @Option(
        name: [.customLong("learning-rate"), .customLong("lr")],
        parsing: .unconditional,
        help: ArgumentHelp("The full learning rate (default: 0.1 for sgd).", valueName: "rate")
    )
    var learningRate: Double?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("Of sgd (default: 0.9).", valueName: "m")
    )
    var momentum: Double?

    @Flag(name: .long, inversion: .prefixedNo, help: "Nesterov's momentum (default for sgd).")
    var nesterov: Bool?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("On all parameters (default: 1e-4).", valueName: "w")
    )
    var weightDecay: Double?

    @Option(name: .long, help: "The course of the learning rate (default: cosine).")
    var schedule: Recipe.Schedule.Name?

    @Option(
        name: .long,
        help: ArgumentHelp("Epochs at which multi-step multiplies.", valueName: "e,e,…")
    )
    var milestones: NumberList<Int>?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("By what it multiplies (default: 0.1).", valueName: "f")
    )
    var factor: Double?

    @Option(name: .long, help: ArgumentHelp("Epochs of linear rise at the start.", valueName: "n"))
    var warmupEpochs: Int?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.optimizer = optimizer
        overrides.learningRate = learningRate
        overrides.momentum = momentum
        overrides.nesterov = nesterov
        overrides.weightDecay = weightDecay
        overrides.schedule = schedule
        overrides.milestones = milestones?.values
        overrides.factor = factor
        overrides.warmupEpochs = warmupEpochs
    }
}

struct TrainingOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How often each example is seen.", valueName: "n"))
    var epochs: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Examples in a minibatch (default: 100).", valueName: "n")
    )
    var batchSize: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Decides everything random (default: 1).", valueName: "n")
    )
    var seed: UInt64?

    @Option(name: .long, help: "The arithmetic (default: float32).")
    var precision: Precision?

    @Option(
        name: .long,
        help: ArgumentHelp("Threads of one operation (default: all cores).", valueName: "n")
    )
    var threads: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Steps between checkpoints within an epoch.", valueName: "n")
    )
    var checkpointEvery: Int?

    @Option(name: .long, help: ArgumentHelp("Keep every n-th epoch's checkpoint.", valueName: "n"))
    var keepEpochs: Int?

    @Option(name: .long, help: ArgumentHelp("Epochs between evaluations.", valueName: "n"))
    var evaluateEvery: Int?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.epochs = epochs
        overrides.batchSize = batchSize
        overrides.seed = seed
        overrides.precision = precision
        overrides.threads = threads
        overrides.checkpointEvery = checkpointEvery
        overrides.keepEpochs = keepEpochs
        overrides.evaluateEvery = evaluateEvery
    }
}
