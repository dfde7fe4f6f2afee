import ArgumentParser
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Show networks.",
        subcommands: [Show.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show a recipe's network: blocks, shapes, parameters, mixing sites.",
            discussion: "The boundaries in the first column are what --layers takes."
        )

        @OptionGroup var options: RecipeOptions

        func run() throws {
            let recipe = try options.resolved()
            let data = try recipe.loadData()
            let model = try recipe.makeModel(for: data.train, streams: RandomStreams(seed: 0))
            var table = Table([
                Table.Column("boundary", .right), Table.Column("name"), Table.Column("block"),
                Table.Column("output"), Table.Column("parameters", .right),
            ])
            table.append(["0", "", "input", "\(model.inputShape)", ""])
            var sites = 0
            for (block, description) in zip(model.network.blocks, try model.blockDescriptions()) {
                let isSite = block.block is MixingSite
                if isSite { sites += 1 }
                let count = description.parameterCount
                table.append([
                    isSite ? "\(sites)" : "", description.name, description.summary,
                    "\(description.outputShape)", count == 0 ? "" : "\(count)",
                ])
            }
            print(table.text, terminator: "")
            print("\(try model.parameterCount()) parameters")
        }
    }
}
