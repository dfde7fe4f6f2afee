import ArgumentParser
import MixupTraining

/// How the weights follow the gradient.
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

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("Shorten a longer gradient to this norm.", valueName: "norm")
    )
    var clipNorm: Double?

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
        overrides.clipNorm = clipNorm
        overrides.schedule = schedule
        overrides.milestones = milestones?.values
        overrides.factor = factor
        overrides.warmupEpochs = warmupEpochs
    }
}
