import ArgumentParser
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List and show networks.",
        subcommands: [List.self, Show.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the networks: what they are, parameters, boundaries.",
            discussion: "The names are what --model takes, the boundaries what --layers takes."
        )

        func run() throws {
            var table = Table([
                Table.Column("model"), Table.Column("what it is"),
                Table.Column("parameters", .right), Table.Column("boundaries"),
            ])
            for name in Recipe.Model.Name.allCases {
                let model = try Recipe(model: .init(name: name)).makeModel(
                    inputShape: ModelsCommand.usualInputShape,
                    classCount: ModelsCommand.usualClassCount,
                    generator: Generator(seed: 0)
                )
                table.append([
                    name.rawValue, name.explanation, "\(try model.parameterCount())",
                    "0 to \(model.mixingSites.count)",
                ])
            }
            print(table.text)
            print(Self.notes)
        }

        private static let notes = """
            Parameters are those of the default settings for images of 3×32×32 and 10 classes.
            Boundary 0 is the input; 1, 2, … lie behind the hidden layers of mlp and behind the first
            three stages of a residual network. The paper mixes a preact-resnet at 0, 1, 2 and a
            wide-resnet at 0, 1; its authors' code mixes both at 0, 1, 2.

            The residual networks are those of the paper's authors; --variant textbook takes the published
            ones. The authors' preact-resnets lack the batch normalisation and ReLU behind the last stage.
            The convolutions of their wide-resnet have biases, the second one of a block has the stride
            instead of the first, the shortcut convolves the block's input as it is, and the last batch
            normalisation has a momentum of 0.9 instead of 0.1.
            """
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a recipe's network: blocks, shapes, parameters, mixing sites.",
            discussion: "The boundaries in the first column are what --layers takes."
        )

        @Option(
            name: .long,
            help: ArgumentHelp(
                "The shape of an input, instead of that of the data, which need not be there.",
                discussion: "Images of 3,32,32 where neither --data nor --recipe is given.",
                valueName: "c,h,w"
            )
        )
        var inputShape: NumberList<Int>?

        @Option(
            name: .long,
            help: ArgumentHelp(
                "The number of classes, with --input-shape (default: 10).",
                valueName: "n"
            )
        )
        var classes: Int?

        @OptionGroup var options: RecipeOptions

        func validate() throws {
            if let shape = inputShape?.values {
                guard (1...3).contains(shape.count), shape.allSatisfy((1...10_000).contains) else {
                    throw ValidationError(
                        "--input-shape takes one to three numbers from 1 to 10000, such as 3,32,32"
                    )
                }
            }
            if let classes, !(1...1_000_000).contains(classes) {
                throw ValidationError("--classes must be 1 to 1000000, not \(classes)")
            }
            if !options.data.data.isEmpty, inputShape != nil || classes != nil {
                throw ValidationError(
                    "--input-shape and --classes stand for the data, so leave --data out"
                )
            }
        }

        func run() throws {
            let model = try makeModel()
            var table = Table([
                Table.Column("boundary", .right), Table.Column("name"), Table.Column("block"),
                Table.Column("output"), Table.Column("parameters", .right),
            ])
            table.append(["0", "", "input", "\(model.inputShape)", ""])
            var sites = 0
            for block in try model.network.lines(inputShape: model.inputShape) {
                if block.isSite { sites += 1 }
                table.append([
                    block.isSite ? "\(sites)" : "", block.name, block.summary,
                    "\(block.outputShape)",
                    block.parameterCount == 0 ? "" : "\(block.parameterCount)",
                ])
            }
            print(table.text, terminator: "")
            print("\(try model.parameterCount()) parameters")
        }

        private func makeModel() throws -> any DescribedClassifier {
            let recipe = try options.resolved()
            let hasData = options.recipe != nil || !options.data.data.isEmpty
            if hasData, inputShape == nil, classes == nil {
                let data = try recipe.loadData()
                return try recipe.makeModel(for: data.train, streams: RandomStreams(seed: 0))
            }
            return try recipe.makeModel(
                inputShape: inputShape?.values ?? ModelsCommand.usualInputShape,
                classCount: classes ?? ModelsCommand.usualClassCount,
                generator: Generator(seed: 0)
            )
        }
    }

    /// The shape of CIFAR's and SVHN's images, the paper's usual data.
    private static let usualInputShape = [3, 32, 32]
    private static let usualClassCount = 10
}

extension Recipe.Model.Name {
    /// What the network is, in a few words.
    fileprivate var explanation: String {
        switch self {
        case .mlp: "fully connected, any widths, a bottleneck if wanted"
        case .preActResNet18: "residual, pre-activation, stages of 2, 2, 2, 2 blocks"
        case .preActResNet34: "residual, pre-activation, stages of 3, 4, 6, 3 blocks"
        case .preActResNet50: "the same with bottleneck blocks, four times as wide"
        case .preActResNet152: "bottleneck blocks, stages of 3, 8, 36, 3"
        case .wideResNet: "Wide-ResNet, WRN-28-10; other depths and widths by its settings"
        }
    }
}

extension Sequential {
    /// A line of the table.
    fileprivate struct Line {
        let isSite: Bool
        let name: String
        let summary: String
        let outputShape: [Int]
        let parameterCount: Int
    }

    /// One line per block; the blocks of a stage in place of the stage.
    fileprivate func lines(inputShape: [Int], prefix: String = "") throws -> [Line] {
        var shape = inputShape
        return try blocks.flatMap { name, block in
            let before = shape
            shape = try block.outputShape(for: before)
            if let stage = block as? Sequential {
                return try stage.lines(inputShape: before, prefix: "\(prefix)\(name).")
            }
            return [
                Line(
                    isSite: block is MixingSite,
                    name: prefix + name,
                    summary: block.summary,
                    outputShape: shape,
                    parameterCount: try block.parameterCount()
                )
            ]
        }
    }
}
