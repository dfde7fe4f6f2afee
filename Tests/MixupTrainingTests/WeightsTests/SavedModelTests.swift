import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Trained networks without their data")
struct SavedModelTests {
    private func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 2
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        change(&recipe)
        return recipe
    }

    private func train(_ recipe: Recipe, at path: String) throws {
        #expect(try TrainingRun.start(recipe, at: path).run() == .finished)
    }

    private func evaluation(_ saved: SavedModel, on data: DataSplits) throws -> Evaluation {
        try saved.makeModel().evaluate(on: data.test)
    }

    @Test("A run, its checkpoint and an exported file give the same network and description")
    func threeWays() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        let run = try SavedModel(path: folder.path("run"))
        let file = folder.path("model.safetensors")
        try run.export(to: file)
        let data = try Digits.load()
        let expected = try TrainedModel(run: folder.path("run")).evaluate()
        for path in [folder.path("run/"), folder.path("run/checkpoints/last"), file] {
            let saved = try SavedModel(path: path)
            #expect(saved.description == run.description)
            #expect(try evaluation(saved, on: data) == expected)
        }
        #expect(
            run.description.origin
                == .init(
                    data: "digits train",
                    method: "manifold-mixup",
                    epoch: 2,
                    step: 10
                )
        )
        #expect(run.description.input == (try data.train.inputFormat))
        #expect(run.runPath == folder.path("run"))
        #expect(try SavedModel(path: folder.path("run/checkpoints/last")).runPath != nil)
        #expect(try SavedModel(path: file).runPath == nil)
        let moved = folder.path("moved")
        try FileManager.default.copyItem(
            atPath: folder.path("run/checkpoints/step-000000010"),
            toPath: moved
        )
        #expect(try SavedModel(path: moved).runPath == nil)
    }

    @Test("Averaged weights are taken where the run keeps them, trained ones where asked for")
    func averages() throws {
        let folder = try ScratchFolder()
        try train(recipe { $0.training.emaDecay = 0.9 }, at: folder.path("run"))
        func weights(_ kind: SavedModel.Weights) throws -> [Float] {
            let saved = try SavedModel(path: folder.path("run"), weights: kind)
            #expect(saved.description.origin.isAverage == (kind != .trained))
            return try #require(saved.file.tensors["fc1.weight"]).scalars()
        }
        #expect(try weights(.evaluated) == weights(.averaged))
        #expect(try weights(.evaluated) != weights(.trained))
        let data = try Digits.load()
        let expected = try TrainedModel(run: folder.path("run")).evaluate()
        #expect(try evaluation(SavedModel(path: folder.path("run")), on: data) == expected)
        // The files say of themselves what they are.
        let average = folder.path("run/checkpoints/last/average.safetensors")
        #expect(try SavedModel(path: average).description.origin.isAverage)
    }

    @Test("Named checkpoints are found, and what is not there is said")
    func names() throws {
        let folder = try ScratchFolder()
        try train(recipe { $0.training.keepEpochs = 1 }, at: folder.path("run"))
        let first = try SavedModel(path: folder.path("run"), checkpoint: "epoch-1")
        #expect(first.description.origin.epoch == 1)
        for (path, checkpoint, weights): (String, String?, SavedModel.Weights) in [
            ("run", "epoch-7", .evaluated), ("run", nil, .averaged), ("none", nil, .evaluated),
            ("run/checkpoints", nil, .evaluated), ("run/checkpoints/last", "best", .evaluated),
        ] {
            let error = #expect(throws: (any Error).self) {
                try SavedModel(path: folder.path(path), checkpoint: checkpoint, weights: weights)
            }
            #expect(!String(describing: error).hasLineBreak)
        }
    }

    @Test("Runs of an older version, whose checkpoints describe nothing, are read with their data")
    func olderRun() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        let now = try SavedModel(path: folder.path("run"))
        let checkpoint = folder.path("run/checkpoints/last")
        let model = "\(checkpoint)/model.safetensors"
        let bare = try Safetensors(tensors: Safetensors(path: model).tensors).encoded()
        let old = try Data(contentsOf: URL(fileURLWithPath: model))
        try bare.write(to: URL(fileURLWithPath: model))
        let sums = try String(contentsOfFile: "\(checkpoint)/SHA1SUMS", encoding: .utf8)
        try sums.replacing(LibTorchRuntime.sha1(old), with: LibTorchRuntime.sha1(bare))
            .write(toFile: "\(checkpoint)/SHA1SUMS", atomically: false, encoding: .utf8)
        #expect(try SavedModel(path: folder.path("run")).description == now.description)
        #expect(try SavedModel(path: checkpoint).description == now.description)
        let alone = folder.path("alone")
        let target = try #require(Symlink.target(of: checkpoint))
        try FileManager.default.copyItem(
            atPath: folder.path("run/checkpoints/\(target)"),
            toPath: alone
        )
        let error = #expect(throws: WeightsError.self) { try SavedModel(path: alone) }
        #expect(error?.description.contains("give the run's folder") == true)
    }

    @Test("An export replaces nothing, and leaves nothing behind where it fails")
    func existing() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        let saved = try SavedModel(path: folder.path("run"))
        try folder.write("mine", "mine.txt")
        #expect(throws: WeightsError.self) { try saved.export(to: folder.path("mine.txt")) }
        #expect(try folder.text("mine.txt") == "mine")
        #expect(throws: FileError.self) { try saved.export(to: folder.path("none/there")) }
        #expect(try folder.names() == ["mine.txt", "run"])
    }

    @Test("A training begins with the weights that its recipe names, averages included")
    func initialWeights() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        let expected = try TrainedModel(run: folder.path("run")).evaluate()
        try SavedModel(path: folder.path("run")).export(to: folder.path("file"))
        for (name, path) in [
            ("a", "run"), ("b", "run/checkpoints/last"), ("c", "file"),
            ("d", "run/checkpoints/last/model.safetensors"),
        ] {
            let recipe = recipe {
                $0.model.initialWeights = folder.path(path)
                $0.training.emaDecay = 0.5
            }
            let run = try TrainingRun.start(recipe, at: folder.path(name))
            #expect(try run.trainer.evaluate(on: run.trainer.data.test) == expected)
            #expect(try run.trainer.model.evaluate(on: run.trainer.data.test) == expected)
        }
    }

    @Test(
        "A run that was saved at its start is evaluated and resumed without the first weights' file"
    )
    func saved() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        try SavedModel(path: folder.path("run")).export(to: folder.path("file"))
        let recipe = recipe { $0.model.initialWeights = folder.path("file") }
        for name in ["whole", "imported"] {
            try TrainingRun.start(recipe, at: folder.path(name)).save()
        }
        let whole = try TrainingRun.start(recipe, at: folder.path("unsaved"))
        #expect(try whole.run() == .finished)
        try FileManager.default.removeItem(atPath: folder.path("file"))
        let expected = try TrainedModel(run: folder.path("run")).evaluate()
        #expect(try TrainedModel(run: folder.path("imported")).evaluate() == expected)
        #expect(try TrainingRun.resume(folder.path("imported")).run() == .finished)
        #expect(
            try TrainedModel(run: folder.path("imported")).evaluate()
                == TrainedModel(run: folder.path("unsaved")).evaluate()
        )
    }

    @Test("Weights that do not fit are found before the folder of the run is made")
    func misfit() throws {
        let folder = try ScratchFolder()
        try train(recipe(), at: folder.path("run"))
        let recipe = recipe {
            $0.model.initialWeights = folder.path("run")
            $0.model.widths = [9]
        }
        let error = #expect(throws: WeightsError.self) {
            try TrainingRun.start(recipe, at: folder.path("other"))
        }
        #expect(error?.description.contains("--widths 8") == true)
        #expect(try folder.names() == ["run"])
    }
}
