import ArgumentParser
import MixupTraining

struct RecipesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes",
        abstract: "List and show the bundled recipes.",
        discussion: """
            There is one for every cell of the paper's Tables 1 to 3, and a quick variant of each \
            for two cores. Take one by its name, and change what you like:
              manifold-mixup train --recipe quick/cifar-10/preact-resnet-18/manifold-mixup --epochs 5
            or in a recipe of your own, which says only what differs:
              extends: paper/cifar-10/preact-resnet-18/manifold-mixup
            """,
        subcommands: [List.self, Show.self],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "The names of the bundled recipes, and what each is for."
        )

        func run() throws {
            var table = Table([Table.Column("recipe"), Table.Column("what it is")])
            for name in BundledRecipes.names {
                table.append([name, try BundledRecipes.summary(of: name)])
            }
            print(table.text, terminator: "")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "A recipe with every setting spelled out."
        )

        @Argument(help: "The name of a bundled recipe, or the path of one of yours.")
        var recipe: String

        func run() throws {
            print(try Recipe.load(recipe).yaml(), terminator: "")
        }
    }
}
