import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Checkpoints")
struct CheckpointTests {
    private func state(of trainer: Trainer) -> CheckpointState {
        CheckpointState(
            position: trainer.position,
            best: nil,
            recipe: "",
            exampleCount: trainer.data.train.count
        )
    }

    private func trainer() throws -> Trainer {
        try TestData.trainer(
            mixup: Mixup(
                alpha: 0.7,
                eligibleLayers: EligibleLayers([0, 2], weights: [1, 3]),
                lambdaScope: .sample,
                partner: .separate
            ),
            dropout: 0.3,
            batchNorm: true
        )
    }

    @Test("A training that is restored at any step ends with the same bytes", arguments: 0..<20)
    func exactAtEveryStep(stop: Int) throws {
        let whole = try trainer()
        var losses: [Double] = []
        var rates: [Double] = []
        try whole.run(onEpoch: {
            losses.append($0.trainingLoss)
            rates.append($0.learningRate)
        })

        let folder = try ScratchFolder()
        let first = try trainer()
        var partLosses: [Double] = []
        var partRates: [Double] = []
        if stop > 0 {
            try first.run(
                onStep: { $0.position.step < stop },
                onEpoch: {
                    partLosses.append($0.trainingLoss)
                    partRates.append($0.learningRate)
                }
            )
        }
        try Checkpoint.write(first, state: state(of: first), to: folder.path + "/checkpoint")

        let second = try trainer()
        // Whatever happened to it before must not matter.
        _ = try second.step()
        try Checkpoint(readingFrom: folder.path + "/checkpoint").restore(second)
        try second.run(onEpoch: {
            partLosses.append($0.trainingLoss)
            partRates.append($0.learningRate)
        })
        #expect(try second.weightBytes() == whole.weightBytes())
        #expect(partLosses == losses)
        #expect(partRates == rates)
        for (one, other) in zip(second.optimizer.state, whole.optimizer.state) {
            #expect(try one.tensor.isEqual(to: other.tensor))
        }
    }

    @Test("The check sums are those of sha1sum")
    func sums() throws {
        let folder = try ScratchFolder()
        let trainer = try trainer()
        try Checkpoint.write(trainer, state: state(of: trainer), to: folder.path + "/checkpoint")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sha1sum", "--check", "--strict", "--quiet", "SHA1SUMS"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path + "/checkpoint")
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("Links point at the newest, the one before, and what is kept; the rest is removed")
    func links() throws {
        let folder = try ScratchFolder()
        let checkpoints = CheckpointFolder(path: folder.path)
        let trainer = try trainer()
        #expect(throws: CheckpointError.missing(folder: folder.path)) { try checkpoints.read() }
        for step in 1...6 {
            _ = try trainer.step()
            if trainer.position.batch == trainer.batchesPerEpoch { trainer.startNextEpoch() }
            let links: [CheckpointFolder.Link] = step == 2 ? [.best, .epoch(7)] : []
            try checkpoints.write(trainer, state: state(of: trainer), links: links)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(
            names == [
                "best", "epoch-7", "last", "previous", "step-000000002", "step-000000005",
                "step-000000006",
            ]
        )
        #expect(try checkpoints.read().state.position.step == 6)
        #expect(try checkpoints.read("previous").state.position.step == 5)
        #expect(try checkpoints.read("best").state.position.step == 2)
        let error = #expect(throws: TrainingError.self) { try checkpoints.read("epoch-8") }
        #expect(error?.description.contains("epoch-7") == true)
    }

    @Test("Weights of another network are refused, and the model keeps its own")
    func otherNetwork() throws {
        let folder = try ScratchFolder()
        let source = try trainer()
        try Checkpoint.write(source, state: state(of: source), to: folder.path + "/checkpoint")
        let other = try TestData.trainer()
        let before = try other.weightBytes()
        let checkpoint = try Checkpoint(readingFrom: folder.path + "/checkpoint")
        #expect(throws: TorchError.self) { try checkpoint.restore(other) }
        #expect(try other.weightBytes() == before)
    }
}
