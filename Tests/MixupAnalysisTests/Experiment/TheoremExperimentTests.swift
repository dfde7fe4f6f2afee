import Foundation
import ManifoldMixup
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("The theorem as an experiment")
struct TheoremExperimentTests {
    /// A check of two rows, the first of which measured the given number where 1 is predicted.
    private func check(measured: Double) throws -> TheoremCheck {
        let row = """
            {"source": "optimization", "dimension": 9, "quantity": "loss J", "predicted": 1,
             "measured": \(measured), "tolerance": 0.1}
            """
        let other = row.replacing("loss J", with: "largest rank of a class")
            .replacing("\"measured\": \(measured)", with: "\"measured\": 1")
        let text = "{\"classCount\": 10, \"rows\": [\(row), \(other)]}"
        return try JSONDecoder().decode(TheoremCheck.self, from: Data(text.utf8))
    }

    @Test("It holds only if every seed agrees with every prediction")
    func failure() throws {
        let good = try check(measured: 1.05)
        let bad = try check(measured: 1.2)
        let held = TheoremExperiment.result(of: [good, good], scale: .quick, seeds: [1, 2])
        #expect(held.failure == nil)
        let broken = TheoremExperiment.result(of: [good, bad], scale: .quick, seeds: [1, 2])
        #expect(broken.failure?.contains("1 of 2") == true)
        #expect(broken.failure?.contains("loss J with dim(H) = 9") == true)
    }

    @Test("Its table has the mean, the largest difference, and how many seeds agree")
    func table() throws {
        let result = TheoremExperiment.result(
            of: [try check(measured: 1.05), try check(measured: 1.2)],
            scale: .quick,
            seeds: [1, 2]
        )
        let table = try #require(
            result.sections.flatMap(\.tables).first { $0.name == "predictions" }?.table
        )
        #expect(table.rows.count == 2)
        #expect(
            table.rows[0].dropFirst()
                == ["9", "loss J", "1", "1.125", "0.2", "0.1", "in 1 of 2 seeds"]
        )
        #expect(table.rows[1].last == "yes")
    }
}

@Suite("Experiments")
struct ExperimentsTests {
    @Test("Names are unique, and an unknown one is refused with the known ones")
    func names() throws {
        let names = Experiments.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(try Experiments.named("toy").name == "toy")
        let error = #expect(throws: ReportError.self) { try Experiments.named("toys") }
        #expect(error?.message.contains("theorem, toy") == true)
    }

    @Test("Seeds count from 1; without a number there are as many as the scale suggests")
    func seeds() {
        #expect(ExperimentScale.smoke.seeds(nil) == [1])
        #expect(ExperimentScale.quick.seeds(nil) == [1, 2, 3])
        #expect(ExperimentScale.paper.seeds(2) == [1, 2])
    }
}
