import ArgumentParser
import LibTorch
import MixupTraining

/// Which network.
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
