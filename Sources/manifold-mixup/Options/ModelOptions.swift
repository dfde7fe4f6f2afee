import ArgumentParser
import LibTorch
import MixupTraining

/// Which network.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The network (default: mlp).",
            discussion: "'manifold-mixup models list' says what each is."
        )
    )
    var model: Recipe.Model.Name?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "mlp: units of each hidden layer (default: 256,256).",
            valueName: "n,n,…"
        )
    )
    var widths: NumberList<Int>?

    @Option(name: .long, help: "mlp: the function after each hidden layer (default: relu).")
    var activation: Activation.Function?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("mlp: probability of dropping a hidden unit.", valueName: "p")
    )
    var dropout: Double?

    @Flag(
        name: .long,
        inversion: .prefixedNo,
        help: "mlp: normalise each hidden layer over the batch."
    )
    var batchNorm: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "mlp: the hidden layer, from 1, that is linear and nothing else; its boundary too.",
            valueName: "k"
        )
    )
    var bottleneck: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "preact-resnet: channels of the first stage (default: 64).",
            valueName: "n"
        )
    )
    var width: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "preact-resnet: stride of the first convolution (default: 1).",
            discussion: "The authors took 2 for the 64×64 images of Tiny-ImageNet.",
            valueName: "n"
        )
    )
    var initialStride: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "wide-resnet: layers, 10, 16, 22, 28, … (default: 28).",
            valueName: "n"
        )
    )
    var depth: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "wide-resnet: how many times as wide as a plain one (default: 10).",
            valueName: "n"
        )
    )
    var widenFactor: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Residual networks: the authors' (default) or the published one.",
            discussion: """
                textbook adds batch normalisation and ReLU behind the last stage of a preact-resnet, \
                and undoes the authors' changes to a wide-resnet; see 'models list'.
                """
        )
    )
    var variant: Recipe.Model.Variant?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Begin with the weights of a run, a checkpoint or a safetensors file.",
            valueName: "path"
        )
    )
    var initialWeights: String?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.model = model
        overrides.widths = widths?.values
        overrides.activation = activation
        overrides.dropout = dropout
        overrides.batchNorm = batchNorm
        overrides.bottleneck = bottleneck
        overrides.width = width
        overrides.initialStride = initialStride
        overrides.depth = depth
        overrides.widenFactor = widenFactor
        overrides.variant = variant
        overrides.initialWeights = initialWeights
    }
}
