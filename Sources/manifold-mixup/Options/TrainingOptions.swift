import ArgumentParser
import MixupTraining

/// How long, in which batches, in which arithmetic.
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

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "Decay of a moving average of the weights, to evaluate with.",
            valueName: "d"
        )
    )
    var emaDecay: Double?

    @Option(
        name: .long,
        help: ArgumentHelp("Stop after n epochs without a lower error.", valueName: "n")
    )
    var patience: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Stop and save after this time, as 90m or 2h; also with --resume.",
            valueName: "time"
        )
    )
    var maxTime: TimeSpan?

    @Flag(
        name: .long,
        inversion: .prefixedNo,
        help: "Convolve with the channels of a pixel side by side in memory."
    )
    var channelsLast: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Minibatches whose gradients are added up for one step (default: 1).",
            valueName: "n"
        )
    )
    var accumulate: Int?

    @Flag(
        name: .long,
        inversion: .prefixedNo,
        help: "Normalise over the minibatches of all processes, not over each one's own."
    )
    var syncBatchNorm: Bool?

    @Option(
        name: .long,
        help: "The code that computes the steps: the package's own kernels, or libtorch's."
    )
    var engine: TrainingEngine?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to compute: auto (CUDA where it can be used), cpu, cuda, or cuda:N; also with "
                + "--resume.",
            valueName: "device"
        )
    )
    var device: DeviceChoice?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.epochs = epochs
        overrides.batchSize = batchSize
        overrides.seed = seed
        overrides.precision = precision
        overrides.threads = threads
        overrides.checkpointEvery = checkpointEvery
        overrides.keepEpochs = keepEpochs
        overrides.evaluateEvery = evaluateEvery
        overrides.emaDecay = emaDecay
        overrides.patience = patience
        overrides.maxTime = maxTime
        overrides.channelsLast = channelsLast
        overrides.accumulate = accumulate
        overrides.syncBatchNorm = syncBatchNorm
        overrides.engine = engine
        overrides.device = device
    }
}
