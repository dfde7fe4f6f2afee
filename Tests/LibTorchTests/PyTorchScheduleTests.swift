import Foundation
import LibTorch
import Testing

/// The recurrences by which PyTorch's schedulers compute a rate from the one before.
@Suite("Learning rates as PyTorch's schedulers compute them")
struct PyTorchScheduleTests {
    private static let base = 0.2
    private static let epochs = 12
    private static let batches = 7

    /// The rates of every step of a training.
    private func rates(_ schedule: Schedule) -> [Double] {
        (0..<Self.epochs * Self.batches).map { step in
            let epoch = Double(step / Self.batches)
            return schedule.learningRate(
                at: epoch + Double(step % Self.batches) / Double(Self.batches),
                of: Self.epochs,
                base: Self.base
            )
        }
    }

    private var steps: Int { Self.epochs * Self.batches }

    /// `CosineAnnealingLR`, stepped after every minibatch.
    private func cosine(final: Double, steps: Int) -> [Double] {
        var rates = [Self.base]
        for step in 1..<steps {
            let share =
                (1 + cos(.pi * Double(step) / Double(steps)))
                / (1 + cos(.pi * Double(step - 1) / Double(steps)))
            rates.append((rates[step - 1] - final) * share + final)
        }
        return rates
    }

    /// `LinearLR`, stepped after every minibatch; its factors are relative to the base.
    private func linear(from start: Double, to end: Double, steps: Int) -> [Double] {
        var rates = [Self.base * start]
        for step in 1..<steps {
            let change = (end - start) / (Double(steps) * start + Double(step - 1) * (end - start))
            rates.append(rates[step - 1] * (1 + change))
        }
        return rates
    }

    @Test("ConstantLR")
    func constant() {
        #expect(rates(Schedule(.constant)) == Array(repeating: Self.base, count: steps))
    }

    @Test("MultiStepLR, stepped after every epoch")
    func multiStep() {
        var (expected, rate): ([Double], Double) = ([], Self.base)
        for epoch in 0..<Self.epochs {
            if [4, 9].contains(epoch) { rate *= 0.3 }
            expected += Array(repeating: rate, count: Self.batches)
        }
        let found = rates(Schedule(.multiStep(milestones: [4, 9], factor: 0.3)))
        #expect(largestDifference(found, expected) < 1e-16)
    }

    @Test("CosineAnnealingLR, stepped after every minibatch", arguments: [0, 0.01])
    func cosine(_ final: Double) {
        let found = rates(Schedule(.cosine(final: final)))
        #expect(largestDifference(found, cosine(final: final, steps: steps)) < 1e-14)
    }

    @Test("LinearLR, stepped after every minibatch")
    func linear() {
        let found = rates(Schedule(.linear(final: 0.05)))
        #expect(largestDifference(found, linear(from: 1, to: 0.25, steps: steps)) < 1e-14)
    }

    @Test(
        "SequentialLR of a LinearLR from almost nothing and another scheduler",
        arguments: [1, 3]
    )
    func warmup(_ epochs: Int) {
        let rising = linear(from: 1e-12, to: 1, steps: epochs * Self.batches)
        let rest = steps - rising.count
        let cases: [(Schedule.Shape, [Double])] = [
            (.constant, Array(repeating: Self.base, count: rest)),
            (.cosine(final: 0.01), cosine(final: 0.01, steps: rest)),
            (.linear(final: 0.05), linear(from: 1, to: 0.25, steps: rest)),
        ]
        for (shape, falling) in cases {
            let found = rates(Schedule(shape, warmupEpochs: Double(epochs)))
            #expect(largestDifference(found, rising + falling) < 1e-11)
        }
    }

    @Test("MultiStepLR counts its milestones from the start, the warm-up included")
    func warmupBeforeSteps() {
        let shape = Schedule.Shape.multiStep(milestones: [4, 9], factor: 0.3)
        let found = rates(Schedule(shape, warmupEpochs: 2))
        let expected =
            linear(from: 1e-12, to: 1, steps: 2 * Self.batches)
            + rates(Schedule(shape)).dropFirst(2 * Self.batches)
        #expect(largestDifference(found, expected) < 1e-11)
    }
}
