import ArgumentParser
import ManifoldMixup
import MixupTraining

/// Whether, where and how to mix, and what falls.
struct MethodOptions: ParsableArguments {
    @Option(name: .long, help: "How to mix (default: manifold-mixup).")
    var method: Recipe.Method.Name?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "λ is drawn from Beta(a, a) (default: 2 for manifold-mixup, otherwise 1).",
            valueName: "a"
        )
    )
    var alpha: Double?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "The α of the last epoch, to which a straight line leads (default: --alpha).",
            valueName: "a"
        )
    )
    var finalAlpha: Double?

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

    @Flag(
        name: .long,
        inversion: .prefixedNo,
        help: "Stop gradients right before the mix, so that the layers before it are not trained."
    )
    var blockGradients: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The side of cutout's hole (default: half of the image's).",
            valueName: "pixels"
        )
    )
    var hole: Int?

    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What --method choice chooses from (default: manifold-mixup cutmix).",
            valueName: "method"
        )
    )
    var among: [Recipe.Method.Name] = []

    @Option(
        name: .long,
        help: ArgumentHelp("How often each of --among is chosen, relatively.", valueName: "w,w,…")
    )
    var amongWeights: NumberList<Double>?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The α of each of --among, and 0 for none and cutout.",
            valueName: "a,a,…"
        )
    )
    var amongAlphas: NumberList<Double>?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The share of minibatches that are mixed at all (default: 1).",
            valueName: "share"
        )
    )
    var probability: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Train without mixing after this epoch (default: never).",
            valueName: "epoch"
        )
    )
    var stopEpoch: Int?

    @Option(name: .long, help: "What falls (default: soft-cross-entropy).")
    var loss: MixupLoss?

    func apply(to overrides: inout RecipeOverrides) throws {
        overrides.method = method
        overrides.alpha = alpha
        overrides.finalAlpha = finalAlpha
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
        overrides.blockGradients = blockGradients
        overrides.hole = hole
        overrides.among = among.isEmpty ? nil : among
        overrides.methodWeights = amongWeights?.values
        overrides.alphas = amongAlphas?.values
        overrides.probability = probability
        overrides.stopEpoch = stopEpoch
        overrides.loss = loss
    }
}
