import Foundation
import Testing

@Suite("The networks on the command line")
struct ModelsTests {
    @Test("models list has every network with its parameters and boundaries")
    func list() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(["models", "list"], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let rows = result.output.split(separator: "\n").map { $0.split(separator: " ") }
        for (name, count, last) in [
            ("mlp", 3072 * 256 + 256 + 256 * 256 + 256 + 2570, "2"),
            ("preact-resnet-18", 11_171_146, "3"), ("preact-resnet-34", 21_279_306, "3"),
            ("preact-resnet-50", 23_509_066, "3"), ("preact-resnet-152", 58_144_842, "3"),
            ("wide-resnet", 36_489_290, "3"),
        ] {
            let row = try #require(rows.first { $0.first == name[...] })
            #expect(row.suffix(4) == ["\(count)", "0", "to", last[...]], "\(row)")
        }
        #expect(result.output.contains("--variant textbook"))
    }

    @Test("models show needs no data, and lists the blocks within the stages")
    func show() throws {
        let folder = try ScratchFolder()
        let result = try Tool.run(["models", "show", "--model", "preact-resnet-18"], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        for text in [
            "layer1.0", "layer4.1", "residual block 3×3, 3×3, 256 → 512", "[3, 32, 32]",
            "mixing site 'layer3'", "11171146 parameters",
        ] {
            #expect(result.output.contains(text), "\(text)")
        }
        let textbook = try Tool.run(
            [
                "models", "show", "--model", "preact-resnet-18", "--variant", "textbook", "--width",
                "4", "--initial-stride", "2", "--input-shape", "1,64,64", "--classes", "200",
            ],
            in: folder
        )
        #expect(textbook.status == 0, "\(textbook.errors)")
        for text in ["convolution 3×3, 1 → 4, stride 2", "batch norm 32", "[4, 32, 32]", "[200]"] {
            #expect(textbook.output.contains(text), "\(text)")
        }
    }

    @Test("models show takes the shape from the recipe's data, or does without its files")
    func showRecipe() throws {
        let folder = try ScratchFolder()
        let recipe = try folder.file("recipe.yaml", "data: { source: digits }\n")
        let loaded = try Tool.run(["models", "show", "--recipe", recipe], in: folder)
        #expect(loaded.output.contains("[1, 8, 8]"), "\(loaded.errors)")
        let absent = try folder.file(
            "absent.yaml",
            "data: { source: mnist, directory: nowhere }\nmodel: { widths: [4, 2, 4], bottleneck: 2 }"
        )
        let shown = try Tool.run(
            ["models", "show", "--recipe", absent, "--input-shape", "784"],
            in: folder
        )
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(shown.output.contains("linear 784 → 4"))
        #expect(shown.output.contains("activation3"))
        #expect(!shown.output.contains("activation2"))
    }

    @Test(
        "A narrow residual network can be trained, and evaluate repeats its result",
        arguments: [
            ["--model", "preact-resnet-18", "--width", "2", "--initial-stride", "2"],
            ["--model", "preact-resnet-50", "--width", "1", "--variant", "textbook"],
            ["--model", "wide-resnet", "--depth", "10", "--widen-factor", "1"],
            ["--widths", "16,4,16", "--bottleneck", "2", "--layers", "2", "--batch-norm"],
        ]
    )
    func train(_ model: [String]) throws {
        let folder = try ScratchFolder()
        let trained = try Tool.run(
            ["train", "--data", "digits", "--epochs", "1", "--threads", "1", "--quiet"] + model
                + ["--output", "run"],
            in: folder,
            environment: ["OMP_NUM_THREADS": "1"]
        )
        #expect(trained.status == 0, "\(trained.errors)")
        let evaluated = try Tool.run(["evaluate", "run"], in: folder)
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(try #require(evaluated.testError) == trained.testError)
    }
}
