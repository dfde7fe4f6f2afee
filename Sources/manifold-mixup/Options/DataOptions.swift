import ArgumentParser
import MixupTraining

/// Which data set.
struct DataOptions: ParsableArguments {
    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "digits, mnist, cifar-10, cifar-100, or paths of your own data.",
            discussion: """
                digits is built in. The others are searched under --data-dir, $MANIFOLD_MIXUP_DATA \
                and ./data. A folder holds IDX files under MNIST's names; one CSV file is split \
                75/25, two are training and test set, the label in the last column.
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
