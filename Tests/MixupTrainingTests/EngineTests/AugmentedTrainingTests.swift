import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Training on augmented images")
struct AugmentedTrainingTests {
    private func losses(_ trainer: Trainer) throws -> [Double] {
        var losses: [Double] = []
        try trainer.run(onStep: { report in
            losses.append(report.loss)
            return true
        })
        return losses
    }

    @Test("The seed decides the augmentation, which changes what is learnt but no other draw")
    func seeded() throws {
        func mixes(_ trainer: Trainer) throws -> [[Double]] {
            var mixes: [[Double]] = []
            try trainer.run(onStep: { report in
                mixes.append([Double(report.layer ?? -1), report.lambda ?? -1])
                return true
            })
            return mixes
        }
        let augmented = try TestData.augmentedTrainer()
        let plain = try TestData.augmentedTrainer(augmentation: Augmentation())
        let again = try TestData.augmentedTrainer()
        #expect(try mixes(augmented) == mixes(plain))
        #expect(try losses(again) == losses(TestData.augmentedTrainer()))
        #expect(try augmented.weightBytes() == again.weightBytes())
        #expect(try augmented.weightBytes() != plain.weightBytes())
        #expect(
            try losses(TestData.augmentedTrainer(seed: 2)) != losses(TestData.augmentedTrainer())
        )
    }

    @Test("Any number of workers trains to the same bytes", arguments: [0, 1, 2, 5])
    func workers(_ count: Int) throws {
        let trainer = try TestData.augmentedTrainer(workers: count)
        let losses = try losses(trainer)
        let alone = try TestData.augmentedTrainer(workers: 0)
        #expect(try self.losses(alone) == losses)
        #expect(try alone.weightBytes() == trainer.weightBytes())
        #expect(trainer.timeWaitingForData > .zero)
    }

    @Test(
        "A training that goes on in the middle of an epoch, with other workers, ends with the same bytes",
        arguments: [0, 1, 3],
        [1, 4, 6, 7, 13]
    )
    func resume(workers: Int, stop: Int) throws {
        let whole = try TestData.augmentedTrainer(workers: 1)
        let expected = try losses(whole)

        let first = try TestData.augmentedTrainer(workers: workers)
        var seen: [Double] = []
        try first.run(onStep: { report in
            seen.append(report.loss)
            return report.position.step < stop
        })
        // As a checkpoint does: weights, memory, streams, position.
        let states = try first.resumableStreamState()
        let second = try TestData.augmentedTrainer(workers: 2)
        _ = try second.step()
        for (module, other) in zip(second.model.stateDictionary(), first.model.stateDictionary()) {
            try module.tensor.copyElements(from: other.tensor)
        }
        for (memory, other) in zip(second.optimizer.state, first.optimizer.state) {
            try memory.tensor.copyElements(from: other.tensor)
        }
        try second.resume(
            at: first.position,
            streams: Dictionary(uniqueKeysWithValues: states.map { ($0.name, $0.tensor) })
        )
        seen += try losses(second)
        #expect(seen == expected)
        #expect(try second.weightBytes() == whole.weightBytes())
    }

    @Test("A training that was stopped goes on by itself, and drops its threads at any point")
    func stopAndGoOn() throws {
        let whole = try TestData.augmentedTrainer()
        _ = try whole.run()
        let parts = try TestData.augmentedTrainer(workers: 2)
        for stop in [2, 9, 10] {
            #expect(try !parts.run(onStep: { $0.position.step < stop }))
        }
        #expect(try parts.run())
        #expect(try parts.weightBytes() == whole.weightBytes())
    }

    @Test("An augmentation that the examples cannot take is refused before the first step")
    func refused() throws {
        #expect(throws: DataError.self) {
            try TestData.augmentedTrainer(augmentation: Augmentation(cropPadding: 6))
        }
    }
}
