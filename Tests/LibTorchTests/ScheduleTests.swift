import Foundation
import LibTorch
import Testing

@Suite("Learning rate schedules")
struct ScheduleTests {
    private static let shapes: [Schedule.Shape] = [
        .constant, .multiStep(milestones: [4, 8], factor: 0.1), .cosine(final: 0.01),
        .linear(final: 0.01),
    ]

    private func rate(
        _ shape: Schedule.Shape,
        warmup: Double = 0,
        at epoch: Double,
        of epochs: Int = 10
    ) -> Double {
        Schedule(shape, warmupEpochs: warmup).learningRate(at: epoch, of: epochs, base: 0.2)
    }

    @Test("A constant rate is the base at all times", arguments: [0, 0.5, 9.99, 10, 11])
    func constant(_ epoch: Double) {
        #expect(rate(.constant, at: epoch) == 0.2)
    }

    @Test("Steps fall at the start of their epochs, not before")
    func milestones() {
        let shape = Schedule.Shape.multiStep(milestones: [4, 8], factor: 0.1)
        let expected = [(0, 0.2), (3.999, 0.2), (4, 0.02), (7.999, 0.02), (8, 0.002), (10, 0.002)]
        for (epoch, value) in expected {
            #expect(abs(rate(shape, at: epoch) - value) < 1e-16)
        }
    }

    @Test("The order of milestones does not matter, and one listed twice counts twice")
    func milestonesUnordered() {
        let shape = Schedule.Shape.multiStep(milestones: [8, 4, 4], factor: 0.5)
        #expect(rate(shape, at: 3) == 0.2)
        #expect(rate(shape, at: 4) == 0.05)
        #expect(rate(shape, at: 8) == 0.025)
        #expect(rate(.multiStep(milestones: [], factor: 0.5), at: 9) == 0.2)
        #expect(rate(.multiStep(milestones: [0], factor: 0.5), at: 0) == 0.1)
    }

    @Test("A cosine starts at the base, is half-way at half time, and ends at the final rate")
    func cosine() {
        let shape = Schedule.Shape.cosine(final: 0.02)
        #expect(rate(shape, at: 0) == 0.2)
        #expect(abs(rate(shape, at: 5) - 0.11) < 1e-15)
        #expect(abs(rate(shape, at: 2.5) - (0.02 + 0.18 * (1 + 0.5.squareRoot()) / 2)) < 1e-15)
        #expect(rate(shape, at: 10) == 0.02)
    }

    @Test("A line starts at the base, is half-way at half time, and ends at the final rate")
    func linear() {
        let shape = Schedule.Shape.linear(final: 0.02)
        #expect(rate(shape, at: 0) == 0.2)
        #expect(abs(rate(shape, at: 2.5) - 0.155) < 1e-15)
        #expect(rate(shape, at: 10) == 0.02)
    }

    @Test("After the end the rate stays", arguments: shapes)
    func afterTheEnd(_ shape: Schedule.Shape) {
        #expect(rate(shape, at: 10.5) == rate(shape, at: 10))
        #expect(rate(shape, at: 1e9) == rate(shape, at: 10))
    }

    @Test("The warm-up is a straight line from zero to the base", arguments: shapes)
    func warmup(_ shape: Schedule.Shape) {
        #expect(rate(shape, warmup: 2, at: 0) == 0)
        #expect(abs(rate(shape, warmup: 2, at: 0.5) - 0.05) < 1e-16)
        #expect(abs(rate(shape, warmup: 2, at: 1.5) - 0.15) < 1e-16)
        #expect(rate(shape, warmup: 2, at: 2) == 0.2)
    }

    @Test("Without warm-up the first rate is the base", arguments: shapes)
    func withoutWarmup(_ shape: Schedule.Shape) {
        #expect(rate(shape, at: 0) == 0.2)
    }

    @Test("A falling curve takes the time that the warm-up leaves", arguments: [2, 2.5])
    func curveAfterWarmup(_ warmup: Double) {
        for shape in [Schedule.Shape.cosine(final: 0.02), .linear(final: 0.02)] {
            let middle = (warmup + 10) / 2
            #expect(abs(rate(shape, warmup: warmup, at: middle) - 0.11) < 1e-15)
            #expect(rate(shape, warmup: warmup, at: 10) == 0.02)
        }
    }

    @Test("Milestones count from the start of the training, warm-up or not")
    func milestonesWithWarmup() {
        let shape = Schedule.Shape.multiStep(milestones: [1, 4], factor: 0.5)
        #expect(rate(shape, warmup: 2, at: 2) == 0.1)
        #expect(rate(shape, warmup: 2, at: 4) == 0.05)
    }

    @Test("After the warm-up no rate ever rises or leaves its bounds", arguments: shapes)
    func monotone(_ shape: Schedule.Shape) {
        let rates = (0...1000).map { rate(shape, warmup: 1, at: 1 + 9 * Double($0) / 1000) }
        #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(rates.allSatisfy { $0 <= 0.2 && $0 >= 0.2 * 0.01 * (1 - 1e-12) })
    }

    @Test("A warm-up as long as the training, or longer, gives finite rates", arguments: shapes)
    func longWarmup(_ shape: Schedule.Shape) {
        for epoch in stride(from: 0.0, through: 12, by: 0.5) {
            for warmup in [10.0, 11] {
                let rate = rate(shape, warmup: warmup, at: epoch)
                #expect(rate >= 0 && rate <= 0.2)
            }
        }
        #expect(rate(shape, at: 0, of: 0).isFinite)
    }
}
