import LibTorch
import ManifoldMixup
import MixupModels
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("The flattening experiment")
struct FlatteningTests {
    /// Small enough for a test, and too short to learn much.
    private static func settings() -> FlatteningSettings {
        var settings = FlatteningSettings(.smoke)
        settings.perClass = 10
        settings.width = 8
        settings.epochs = 1
        return settings
    }

    @Test("The networks are those of the paper: width, place and linearity of what is measured")
    func networks() throws {
        let settings = FlatteningSettings(.paper)
        let expected: [FlatteningNetwork: (hidden: Int, units: Int, isLinear: Bool)] = [
            .firstHidden: (5, 30, false), .wideFirstHidden: (5, 1024, false),
            .bottleneck12: (8, 12, true), .bottleneck30: (8, 30, true),
            .earlyBottleneck30: (6, 30, true),
        ]
        for network in FlatteningNetwork.allCases {
            let (hidden, units, isLinear) = try #require(expected[network])
            let widths = network.widths(settings.width)
            #expect(widths.count == hidden)
            #expect(widths[network.boundary - 1] == units)
            let model = try settings.network(
                network,
                .dropout,
                shape: [1, 28, 28],
                classCount: 10,
                streams: RandomStreams(seed: 1)
            )
            let names = model.network.blocks.map(\.name)
            #expect(names.contains("activation\(network.boundary)") != isLinear)
            #expect(names.contains("dropout\(network.boundary)") != isLinear)
            let training = try settings.training(network, .manifoldMixup)
            #expect((training.mixup as? Mixup)?.eligibleLayers?.layers == [network.boundary])
        }
    }

    @Test("Networks, methods and seeds are trained, measured and shown, and the same again")
    func experiment() throws {
        var lines: [String] = []
        func run() throws -> ExperimentResult {
            try FlatteningExperiment(settings: Self.settings()).run(
                scale: .smoke,
                seeds: 2,
                dataDirectory: nil,
                progress: { lines.append($0) }
            )
        }
        let result = try run()
        let pairs = FlatteningNetwork.allCases.reduce(0) { $0 + $1.methods.count }
        #expect(lines.count == 2 * pairs)
        let networks = FlatteningNetwork.allCases.count
        #expect(result.sections.map(\.charts.count) == [3, networks, networks, 0])
        let numbers = try #require(result.numbers as? FlatteningNumbers)
        #expect(numbers.runs.count == 2 * pairs)
        // Every method must make a difference, also in one epoch.
        let firsts = numbers.runs.filter { $0.seed == 1 && $0.network == .firstHidden }
        #expect(Set(firsts.map(\.measures.sumOfOthers)).count == 5)
        let again = try #require(try run().numbers as? FlatteningNumbers)
        #expect(again.runs.map(\.measures) == numbers.runs.map(\.measures))
    }

    @Test("A ratio is taken between trainings with the same seed, and the paper's stands beside it")
    func ratios() throws {
        func run(_ method: ComparedMethod, seed: UInt64, sum: Double) -> FlatteningRun {
            FlatteningRun(
                network: .firstHidden,
                method: method,
                seed: seed,
                seconds: 1,
                measures: FlatteningMeasures(
                    testError: 0.1,
                    testNLL: 0.3,
                    largest: 7,
                    sumOfOthers: sum,
                    effectiveRank: 2,
                    centredSum: 3,
                    betweenSum: 4,
                    spreadRatio: 0.5,
                    values: [7, 1],
                    valuesOfAll: [9, 2]
                )
            )
        }
        let report = FlatteningReport(
            settings: Self.settings(),
            scale: .quick,
            seeds: [1, 2],
            testCount: 60,
            trainCount: 100,
            runs: [
                run(.none, seed: 1, sum: 10), run(.none, seed: 2, sum: 100),
                run(.manifoldMixup, seed: 1, sum: 5), run(.manifoldMixup, seed: 2, sum: 50),
            ]
        )
        let table = try #require(
            report.result.sections.flatMap(\.tables).first { $0.name == "paper" }?.table
        )
        let row = try #require(table.rows.first { $0[0].contains("over no regularisation") })
        #expect(row[1...2] == ["0.52", "0.50 ± 0.00"])
    }

    @Test("Where the data are missing it says so")
    func missingData() throws {
        var settings = Self.settings()
        settings.source = "/nowhere"
        #expect {
            try FlatteningExperiment(settings: settings).run(
                scale: .quick,
                seeds: 1,
                dataDirectory: nil,
                progress: { _ in }
            )
        } throws: {
            "\($0)".contains("/nowhere")
        }
    }
}
