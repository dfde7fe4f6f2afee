import ArgumentParser
import MixupTraining

/// Which data set, which part of it, and how its images are changed.
struct DataOptions: ParsableArguments {
    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "digits, mnist, cifar-10, cifar-100, svhn, tiny-imagenet, or paths of your own data.",
            discussion: """
                digits is built in. The others are searched under --data-dir, $MANIFOLD_MIXUP_DATA \
                and ./data; 'data list' shows them. A folder holds IDX files under MNIST's names, \
                or PNG and JPEG images in class folders, below train and test or not. One CSV file \
                is split 75/25, two are training and test set, the label in the last column; or a \
                .safetensors file with features and labels.
                """,
            valueName: "name-or-path"
        )
    )
    var data: [String] = []

    @Option(name: .long, help: ArgumentHelp("Where named data sets lie.", valueName: "folder"))
    var dataDir: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The most training examples of every class.", valueName: "n")
    )
    var perClass: Int?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "The share of the training examples to hold out for validation.",
            discussion: """
                The best epoch is chosen on them. Without them it is chosen on the test set, as in \
                the paper, which flatters its test error.
                """,
            valueName: "share"
        )
    )
    var holdOut: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Decides what --per-class and --hold-out choose (default: 0).",
            valueName: "n"
        )
    )
    var splitSeed: UInt64?

    @Flag(name: .long, inversion: .prefixedNo, help: "Mirror half of the training images.")
    var flip: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Pad training images by n pixels and crop at random (2 in the authors' code).",
            valueName: "n"
        )
    )
    var cropPadding: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Blot out a square of n × n pixels (Cutout).", valueName: "n")
    )
    var cutout: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Threads that prepare changed images ahead (default: 1, 0 for none).",
            valueName: "n"
        )
    )
    var workers: Int?

    func apply(to overrides: inout RecipeOverrides) {
        overrides.dataSource = data.isEmpty ? nil : data
        overrides.dataDirectory = dataDir
        overrides.perClass = perClass
        overrides.holdOut = holdOut
        overrides.splitSeed = splitSeed
        overrides.flip = flip
        overrides.cropPadding = cropPadding
        overrides.cutout = cutout
        overrides.workers = workers
    }
}
