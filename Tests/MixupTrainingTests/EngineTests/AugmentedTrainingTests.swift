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
        let augmented = try TestData.imageTrainer()
        let plain = try TestData.imageTrainer(augmentation: Augmentation())
        let again = try TestData.imageTrainer()
        #expect(try mixes(augmented) == mixes(plain))
        #expect(try losses(again) == losses(TestData.imageTrainer()))
        #expect(try augmented.weightBytes() == again.weightBytes())
        #expect(try augmented.weightBytes() != plain.weightBytes())
        #expect(
            try losses(TestData.imageTrainer(seed: 2)) != losses(TestData.imageTrainer())
        )
    }

    @Test("An augmentation that the examples cannot take is refused before the first step")
    func refused() throws {
        #expect(throws: DataError.self) {
            try TestData.imageTrainer(augmentation: Augmentation(cropPadding: 6))
        }
    }
}
