/// The time of a step and of an evaluation by one engine.
public struct EngineSpeed: Sendable, Codable {
    /// The engine, in words.
    public let engine: String
    /// The median time of a step, in milliseconds.
    public let stepMilliseconds: Double
    /// The first and the third quartile of it.
    public let stepQuartiles: [Double]
    /// The median time in which a minibatch is evaluated, in milliseconds.
    public let evaluationMilliseconds: Double
    /// The most memory that the process has had, in KiB.
    public let peakKiB: Int

    enum CodingKeys: String, CodingKey {
        case engine
        case stepMilliseconds = "step_ms"
        case stepQuartiles = "step_ms_quartiles"
        case evaluationMilliseconds = "evaluation_ms"
        case peakKiB = "peak_kib"
    }

    init(engine: String, steps: [Double], evaluations: [Double], peakKiB: Int) {
        self.engine = engine
        stepMilliseconds = quantile(steps, 0.5)
        stepQuartiles = [quantile(steps, 0.25), quantile(steps, 0.75)]
        evaluationMilliseconds = quantile(evaluations, 0.5)
        self.peakKiB = peakKiB
    }
}

/// Two engines, measured in alternation.
public struct EngineComparison: Sendable, Codable {
    /// The number of rounds, some steps and some evaluations of each engine in a round.
    public let rounds: Int
    /// The fused engine on this machine.
    public let fused: EngineSpeed
    /// libtorch with its recorded gradients.
    public let autograd: EngineSpeed
    /// The median of the rounds' ratios, autograd over fused: how many times faster the fused is.
    public let medianRatio: Double
    /// The first and the third quartile of the rounds' ratios.
    public let ratioQuartiles: [Double]
    /// The median of the rounds' ratios of evaluations, autograd over fused.
    public let evaluationRatio: Double

    enum CodingKeys: String, CodingKey {
        case rounds, fused, autograd
        case medianRatio = "ratio_median"
        case ratioQuartiles = "ratio_quartiles"
        case evaluationRatio = "evaluation_ratio_median"
    }

    /// Measures two trainings, each in a process of its own.
    ///
    /// - Parameters:
    ///   - fused: trains by the fused engine.
    ///   - autograd: trains by autograd.
    ///   - rounds: rounds of each.
    public static func measure(
        fused: TimedProcess,
        autograd: TimedProcess,
        rounds: Int
    ) throws -> EngineComparison {
        let processes = [fused, autograd]
        var times: [TimedTraining.Work: [[Double]]] = [:]
        for work in TimedTraining.Work.allCases {
            times[work] = [[], []]
            for round in 0..<rounds {
                // Who is first takes turns, so that neither profits from it.
                for index in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                    times[work]?[index].append(try processes[index].milliseconds(work))
                }
            }
        }
        func ratios(_ work: TimedTraining.Work) -> [Double] {
            guard let pair = times[work] else { return [] }
            return zip(pair[0], pair[1]).map { $1 / $0 }
        }
        let speeds = try processes.enumerated().map { index, process in
            EngineSpeed(
                engine: process.engine,
                steps: times[.step]?[index] ?? [],
                evaluations: times[.evaluate]?[index] ?? [],
                peakKiB: try process.peakKiB()
            )
        }
        return EngineComparison(
            rounds: rounds,
            fused: speeds[0],
            autograd: speeds[1],
            medianRatio: quantile(ratios(.step), 0.5),
            ratioQuartiles: [quantile(ratios(.step), 0.25), quantile(ratios(.step), 0.75)],
            evaluationRatio: quantile(ratios(.evaluate), 0.5)
        )
    }
}
