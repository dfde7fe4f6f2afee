import Foundation
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("Deformed, attacked and mixed images as an experiment")
struct RobustnessExperimentTests {
    /// Few images and few steps.
    private static var settings: RobustnessSettings {
        var settings = RobustnessSettings(.smoke)
        (settings.deformedImages, settings.attackedImages, settings.confidenceInputs) = (30, 30, 30)
        (settings.manyStepImages, settings.unboundedImages) = (20, 10)
        settings.unboundedSteps = 3
        return settings
    }

    private static func run(
        in folder: String?,
        shouldStop: () -> Bool = { false },
        progress: (String) -> Void = { _ in }
    ) throws -> ExperimentResult? {
        try RobustnessExperiment(settings: settings).run(
            scale: .smoke,
            seeds: 1,
            dataDirectory: nil,
            folder: folder,
            shouldStop: shouldStop,
            progress: progress
        )
    }

    private static func tables(_ result: ExperimentResult) -> [String: Table] {
        Dictionary(
            uniqueKeysWithValues: result.sections.flatMap(\.tables).map { ($0.name, $0.table) }
        )
    }

    @Test("Three methods are trained, measured and shown, and a stopped experiment goes on")
    func experiment() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("robustness-" + UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var asked = 0
        let stopped = try Self.run(
            in: folder,
            shouldStop: {
                asked += 1
                return asked > 20
            }
        )
        #expect(stopped == nil)
        var lines: [String] = []
        let result = try #require(try Self.run(in: folder, progress: { lines.append($0) }))
        #expect(lines.count == 6)
        let tables = Self.tables(result)
        #expect(tables["deformations-digits"]?.rows.count == 18)
        #expect(tables["attacks-digits"]?.rows.count == 9)
        #expect(tables["calibration-digits"]?.rows.count == 9)
        #expect(tables["paper"]?.rows.count == 4)
        // One of deformations, one of attacks, reliability and three boundaries, one off the data.
        #expect(result.sections.map(\.charts.count) == [0, 1, 1, 4, 1, 0])

        let whole = try #require(try Self.run(in: nil))
        #expect(Self.tables(whole) == tables)
    }

    @Test("The tables of the paper stand beside the deformations that are the paper's")
    func paper() throws {
        let result = try #require(try Self.run(in: nil))
        let table = try #require(Self.tables(result)["deformations-digits"])
        let row = try #require(table.rows.first { $0[0] == "rotation ±20°" })
        #expect(row.suffix(3) == ["52.96", "55.55", "60.08"])
    }
}
