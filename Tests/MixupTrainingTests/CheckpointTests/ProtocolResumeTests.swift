import Foundation
import LibTorch
import MixupData
import Testing

@testable import MixupTraining

@Suite("Checkpoints of trainings with averages, clipping and another order in memory")
struct ProtocolResumeTests {
    private func trainer(
        emaDecay: Double? = 0.7,
        precision: Precision = .float32,
        engine: TrainingEngine = .autograd
    ) throws -> Trainer {
        try TestData.imageTrainer(
            precision: precision,
            clipNorm: 0.5,
            emaDecay: emaDecay,
            channelsLast: true,
            engine: engine
        )
    }

    private func write(_ trainer: Trainer, to folder: ScratchFolder) throws -> String {
        let path = folder.path + "/checkpoint"
        let state = CheckpointState(
            position: trainer.position,
            best: trainer.best,
            recipe: "",
            exampleCount: trainer.data.train.count
        )
        try Checkpoint.write(trainer, state: state, to: path)
        return path
    }

    @Test(
        "A training that is restored at any step ends with the same bytes",
        arguments: [0, 1, 3, 4, 6],
        [
            (Precision.float32, TrainingEngine.autograd), (.bfloat16, .autograd),
            (.float32, .fused),
        ]
    )
    func exact(stop: Int, arithmetic: (precision: Precision, engine: TrainingEngine)) throws {
        let (precision, engine) = arithmetic
        let whole = try trainer(precision: precision, engine: engine)
        try whole.run()

        let folder = try ScratchFolder()
        let first = try trainer(precision: precision, engine: engine)
        if stop > 0 { try first.run(onStep: { $0.position.step < stop }) }
        let path = try write(first, to: folder)

        let second = try trainer(precision: precision, engine: engine)
        // Whatever happened to it before must not matter.
        _ = try second.step()
        try Checkpoint(readingFrom: path).restore(second)
        try second.run()
        #expect(try second.weightBytes() == whole.weightBytes())
        #expect(second.best == whole.best)
        let averages = try [second, whole].map { trainer in
            let average = try #require(trainer.average)
            let tensors = average.stateDictionary().map { ($0.name, $0.tensor) }
            return try Safetensors(tensors: tensors).encoded()
        }
        #expect(averages[0] == averages[1])
        for (one, other) in zip(second.optimizer.state, whole.optimizer.state) {
            #expect(try one.tensor.isEqual(to: other.tensor))
        }
    }

    @Test("The average has a file of its own with all names of the model, and check sums hold")
    func averageFile() throws {
        let folder = try ScratchFolder()
        let trainer = try trainer()
        _ = try trainer.step()
        let path = try write(trainer, to: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(
            names == [
                "SHA1SUMS", "average.safetensors", "model.safetensors", "state.json",
                "training.safetensors",
            ]
        )
        let checkpoint = try Checkpoint(readingFrom: path)
        let average = try #require(checkpoint.average)
        #expect(average.keys.sorted() == checkpoint.model.keys.sorted())
        let (kept, trained) = (average["linear.weight"], checkpoint.model["linear.weight"])
        #expect(try !#require(kept).isEqual(to: #require(trained)))
        #expect(try #require(checkpoint.evaluated["linear.weight"]).isEqual(to: #require(kept)))

        try Data("broken".utf8).write(to: URL(fileURLWithPath: path + "/average.safetensors"))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(readingFrom: path) }
        #expect(error?.description.contains("average.safetensors is damaged") == true)
    }

    @Test("A checkpoint without an average is written and read without one")
    func withoutAverage() throws {
        let folder = try ScratchFolder()
        let plain = try trainer(emaDecay: nil)
        let path = try write(plain, to: folder)
        #expect(!FileManager.default.fileExists(atPath: path + "/average.safetensors"))
        let checkpoint = try Checkpoint(readingFrom: path)
        #expect(checkpoint.average == nil)
        #expect(checkpoint.evaluated.count == checkpoint.model.count)
        #expect(throws: TorchError.self) { try checkpoint.restore(trainer()) }
    }

    @Test("The order in memory is not seen in the files")
    func orderInMemory() throws {
        let folder = try ScratchFolder()
        let path = try write(trainer(), to: folder)
        let weight = try #require(Checkpoint(readingFrom: path).model["layer1.0.conv1.weight"])
        let plain = try TestData.imageTrainer().model.stateDictionary()
        let expected = plain.first { $0.name == "layer1.0.conv1.weight" }
        #expect(try weight.isEqual(to: #require(expected).tensor))
    }
}
