import Testing

@testable import MixupTraining

@Suite("Dividing an epoch among ranks")
struct EpochDivisionTests {
    @Test("Every example is in exactly one part, in order, and parts differ by one at most")
    func partition() throws {
        for exampleCount in [1, 5, 23, 100, 1348] {
            for batchSize in [1, 2, 7, 100] {
                for partCount in [1, 2, 3, 8] {
                    guard
                        let division = try? EpochDivision(
                            exampleCount: exampleCount,
                            batchSize: batchSize,
                            partCount: partCount
                        )
                    else { continue }
                    var rows: [Int] = []
                    for step in 0..<division.stepCount {
                        let parts = (0..<partCount).map { division.rows(ofStep: step, part: $0) }
                        #expect(parts.flatMap { Array($0) } == Array(division.rows(ofStep: step)))
                        let sizes = parts.map(\.count)
                        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
                        #expect((sizes.min() ?? 0) >= division.smallestPart)
                        if step < division.stepCount - 1 {
                            #expect(sizes.allSatisfy { $0 == batchSize })
                        }
                        rows += parts.flatMap { Array($0) }
                    }
                    #expect(rows == Array(0..<exampleCount))
                }
            }
        }
    }

    @Test("One part a step is an epoch in minibatches, the last of which may be smaller")
    func onePart() throws {
        let division = try EpochDivision(exampleCount: 23, batchSize: 5, partCount: 1)
        #expect(division.stepCount == 5)
        #expect(division.rows(ofStep: 4, part: 0) == 20..<23)
        #expect(division.smallestPart == 3)
        let whole = try EpochDivision(exampleCount: 23, batchSize: .max, partCount: 4)
        #expect(whole.stepCount == 1)
        #expect(whole.smallestPart == 5)
    }

    @Test("A last minibatch with fewer examples than parts is refused, with what to do")
    func tooFew() throws {
        let error = #expect(throws: TrainingError.self) {
            try EpochDivision(exampleCount: 22, batchSize: 5, partCount: 4)
        }
        #expect(error?.description.contains("has 2 examples for 4 parts") == true)
        #expect(error?.description.contains("training.batch-size") == true)
        #expect(throws: TrainingError.self) {
            try EpochDivision(exampleCount: 3, batchSize: 5, partCount: 4)
        }
    }
}
