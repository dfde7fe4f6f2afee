import Foundation
import ManifoldMixup
import Testing

@testable import MixupTraining

@Suite("Recipes that extend another")
struct RecipeInheritanceTests {
    /// Writes files into a folder and loads the first.
    private static func load(_ files: [(name: String, yaml: String)]) throws -> Recipe {
        let folder = try ScratchFolder()
        for file in files { try folder.write(file.yaml, file.name) }
        return try Recipe.load(folder.path(files[0].name))
    }

    @Test("Settings are merged key by key, the extending recipe's own on top")
    func merging() throws {
        let recipe = try Self.load([
            ("own.yaml", "extends: base.yaml\ntraining: { epochs: 7 }\nmethod: { alpha: 1 }"),
            (
                "base.yaml",
                "method: { name: manifold-mixup, alpha: 3, layers: [0, 1] }\n"
                    + "training: { epochs: 5, batch-size: 50 }\nloss: paper-bce"
            ),
        ])
        #expect(recipe.training.epochs == 7)
        #expect(recipe.training.batchSize == 50)
        #expect(recipe.method.alpha == 1)
        #expect(recipe.method.layers == [0, 1])
        #expect(recipe.loss == .paperBinaryCrossEntropy)
    }

    @Test("Naming another method starts its section afresh")
    func anotherName() throws {
        let recipe = try Self.load([
            ("own.yaml", "extends: base.yaml\nmethod: { name: input-mixup }"),
            ("base.yaml", "method: { name: manifold-mixup, alpha: 3, layers: [0, 1] }"),
        ])
        #expect(recipe.method == Recipe.Method(name: .inputMixup))
    }

    @Test("A setting that is null is the default again, an empty section changes nothing")
    func nulls() throws {
        let recipe = try Self.load([
            ("own.yaml", "extends: base.yaml\nmethod: { layers: null }\ntraining:\n"),
            ("base.yaml", "method: { layers: [0, 1] }\ntraining: { epochs: 5 }"),
        ])
        #expect(recipe.method.layers == nil)
        #expect(recipe.training.epochs == 5)
    }

    @Test("A chain of recipes is followed, each from its own folder")
    func chain() throws {
        let folder = try ScratchFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("inner"),
            withIntermediateDirectories: false
        )
        try folder.write("extends: inner/middle.yaml", "own.yaml")
        try folder.write("extends: base.yaml\ntraining: { seed: 4 }", "inner/middle.yaml")
        try folder.write("training: { seed: 3, epochs: 9 }", "inner/base.yaml")
        let recipe = try Recipe.load(folder.path("own.yaml"))
        #expect(recipe.training.seed == 4)
        #expect(recipe.training.epochs == 9)
    }

    @Test(
        "What cannot be extended is refused in one line",
        arguments: [
            ("extends: own.yaml", "is it a circle?"),
            ("extends: missing.yaml", "there is no recipe 'missing.yaml'"),
            ("extends: [a, b]", "extends: found a list"),
            ("extends: base.yaml", "base.yaml:1: training.epochs: found 'many'"),
            ("extends: other.yaml\ntraining: { epochs: 0 }", "own.yaml: training.epochs: found 0"),
        ]
    )
    func refusals(yaml: String, expected: String) throws {
        let error = #expect(throws: RecipeError.self) {
            try Self.load([
                ("own.yaml", yaml), ("base.yaml", "training: { epochs: many }"),
                ("other.yaml", "training: { epochs: 3 }"),
            ])
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test("A text that is not a file extends nothing")
    func text() {
        #expect(throws: RecipeError.self) {
            try Recipe.parse(yaml: "extends: digits", source: "text")
        }
    }
}

@Suite("The bundled recipes")
struct BundledRecipesTests {
    @Test("Each is valid, says what it is, and survives being written out")
    func valid() throws {
        let names = BundledRecipes.names
        #expect(names.contains("digits"))
        for name in names {
            let recipe = try Recipe.load(name)
            #expect(try Recipe.parse(yaml: recipe.yaml(), source: name) == recipe)
            #expect(try BundledRecipes.summary(of: name).count > 20, "\(name)")
        }
    }

    @Test("There is one for every cell of Tables 1 to 3, and a quick one for each")
    func cells() {
        let methods = ["none", "input-mixup", "manifold-mixup"]
        let networks = ["preact-resnet-18", "preact-resnet-34", "wide-resnet-28-10"]
        var cells = ["cifar-10", "cifar-100", "svhn"].flatMap { data in
            networks.flatMap { network in methods.map { "\(data)/\(network)/\($0)" } }
        }
        cells.append("tiny-imagenet/preact-resnet-18/none")
        for method in methods.dropFirst() {
            for alpha in ["0.2", "0.5", "1.0", "2.0"] {
                cells.append("tiny-imagenet/preact-resnet-18/\(method)-alpha-\(alpha)")
            }
        }
        let names = Set(BundledRecipes.names)
        for cell in cells {
            #expect(names.contains("paper/" + cell))
            #expect(names.contains("quick/" + cell))
        }
        #expect(names.count { $0.hasPrefix("paper/") } == cells.count)
    }

    @Test("Those of the tables keep the paper's protocol")
    func protocols() throws {
        for name in BundledRecipes.names where name.hasPrefix("paper/") {
            let recipe = try Recipe.load(name)
            let isWide = recipe.model.name == .wideResNet
            let isTiny = name.contains("tiny-imagenet")
            let epochs = isTiny ? 2000 : isWide ? 400 : 1200
            #expect(recipe.training.epochs == epochs, "\(name)")
            let milestones = isTiny ? [1000, 1500] : isWide ? [200, 300] : [400, 800]
            #expect(recipe.schedule.milestones == milestones, "\(name)")
            #expect(recipe.schedule.factor == 0.1)
            #expect(recipe.loss == .paperBinaryCrossEntropy)
            #expect(recipe.optimizer.learningRate == 0.1)
            #expect(recipe.optimizer.momentum == 0.9)
            #expect(recipe.optimizer.weightDecay == 1e-4)
            #expect(recipe.training.batchSize == 100)
            #expect(recipe.augmentation.cropPadding == (isTiny ? 4 : 2))
            #expect(recipe.augmentation.flip == !name.contains("svhn"))
            #expect(recipe.data.perClass == (name.contains("svhn") ? 7325 : nil))
            switch recipe.method.name {
            case .inputMixup where !isTiny: #expect(recipe.method.alpha == 1)
            case .manifoldMixup:
                #expect(recipe.method.layers == (isWide ? [0, 1] : [0, 1, 2]))
                if !isTiny { #expect(recipe.method.alpha == 2) }
            default: break
            }
        }
    }
}
