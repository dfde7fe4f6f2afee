import ArgumentParser
import MixupTraining

/// Which data set.
struct DataOptions: ParsableArguments {
    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "digits, mnist, or paths of your own data.",
            discussion: """
                digits is built in. mnist is searched under --data-dir, $MANIFOLD_MIXUP_DATA and \
                ./data, and so are svhn and tiny-imagenet-200. A folder holds IDX files under \
                MNIST's names, or PNG and JPEG images in class folders, below train and test or \
                not. One CSV file is split 75/25, two are training and test set, the label in the \
                last column; or a .safetensors file with features and labels.
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
