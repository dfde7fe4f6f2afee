import LibTorch
import ManifoldMixup
import Testing

@Suite("The course of α")
struct AlphaScheduleTests {
    private func alphas(_ schedule: AlphaSchedule, epochs: Int) throws -> [Double] {
        try (0..<epochs).map {
            try schedule.distribution(at: MixingProgress(epoch: $0, of: epochs)).alpha
        }
    }

    @Test("It goes from the first to the last epoch in equal steps, up or down")
    func linear() throws {
        #expect(
            try alphas(AlphaSchedule(alpha: 2, finalAlpha: 1), epochs: 5) == [
                2, 1.75, 1.5, 1.25, 1,
            ]
        )
        #expect(
            try alphas(AlphaSchedule(alpha: 0.5, finalAlpha: 2), epochs: 4) == [0.5, 1, 1.5, 2]
        )
        #expect(try alphas(AlphaSchedule(alpha: 0.5, finalAlpha: 2), epochs: 1) == [0.5])
        #expect(try alphas(AlphaSchedule(alpha: 0.5, finalAlpha: 2), epochs: 2) == [0.5, 2])
    }

    @Test("Without a final α it is the same to the last bit", arguments: [0.1, 0.7, 1e-300, 1e308])
    func constant(alpha: Double) throws {
        for schedule in try [AlphaSchedule(alpha: alpha), .init(alpha: alpha, finalAlpha: alpha)] {
            #expect(try alphas(schedule, epochs: 7) == [Double](repeating: alpha, count: 7))
        }
    }

    @Test("It stays positive and finite between any ends, and beyond them")
    func extremes() throws {
        let (small, large) = (Double.leastNonzeroMagnitude, Double.greatestFiniteMagnitude)
        for (start, end) in [(small, large), (large, small), (1, small), (large, large)] {
            let schedule = try AlphaSchedule(alpha: start, finalAlpha: end)
            #expect(try alphas(schedule, epochs: 100).allSatisfy { $0 > 0 && $0.isFinite })
            for (epoch, expected) in [(-5, start), (100, end), (Int.max, end), (Int.min, start)] {
                let progress = MixingProgress(epoch: epoch, of: 50)
                #expect(try schedule.distribution(at: progress).alpha == expected)
            }
        }
        for flawed in [0, -1, .infinity, .nan] {
            _ = messageOfError { _ = try AlphaSchedule(alpha: 1, finalAlpha: flawed) }
        }
    }

    @Test("λ of an epoch has the law of that epoch's α")
    func law() throws {
        let mixup = try Mixup(alpha: 0.2, finalAlpha: 3, eligibleLayers: EligibleLayers([0]))
        let streams = try RandomStreams(seed: 7)
        for (epoch, alpha) in [(0, 0.2), (2, 1.6), (4, 3)] {
            let lambdas = try (0..<2000).map { _ in
                try mixup.draw(
                    batchSize: 1,
                    progress: MixingProgress(epoch: epoch, of: 5),
                    streams: streams
                ).lambdas[0]
            }
            let distance = Statistics.kolmogorovSmirnov(lambdas) {
                Statistics.symmetricBetaCDF($0, alpha: alpha)
            }
            #expect(distance < Statistics.kolmogorovSmirnovLimit(2000))
        }
    }
}
