import Foundation
import Testing

@testable import MixupTraining

@Suite("Reported figures")
struct RunFiguresTests {
    private func row(
        _ epoch: Int,
        error: Double?,
        nll: Double? = 1,
        validation: Double? = nil
    ) throws -> EpochRow {
        func json(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
        let text = """
            {"epoch":\(epoch),"step":\(epoch * 10),"train_loss":1,"learning_rate":0.1,
            "test_error":\(json(error)),"test_nll":\(json(nll)),"validation_error":\(json(validation))}
            """
        return try JSONDecoder().decode(EpochRow.self, from: Data(text.utf8))
    }

    @Test("Best is the first epoch of the lowest test error, last the last, mean that of ten")
    func onTheTestSet() throws {
        let errors = [0.9, 0.125, 0.5, 0.125, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25]
        let rows = try errors.enumerated().map {
            try row($0 + 1, error: $1, nll: Double($0 + 1))
        }
        let figures = try #require(RunFigures(rows))
        #expect(figures.bestChosenBy == .test)
        #expect(figures.bestChosenBy.text.contains("chosen on the test set, as the paper did"))
        #expect(figures.best.epochs == [2])
        #expect(figures.best.error == 0.125)
        #expect(figures.best.negativeLogLikelihood == 2)
        #expect(figures.last.epochs == [12])
        #expect(figures.last.error == 0.25)
        #expect(figures.meanOfLastTen.epochs == Array(3...12))
        #expect(figures.meanOfLastTen.error == (0.5 * 8 + 0.125 + 0.25) / 10)
        #expect(figures.meanOfLastTen.negativeLogLikelihood == 7.5)
    }

    @Test("With a hold-out, best is chosen there, and the test error of that epoch is reported")
    func onTheHoldOut() throws {
        let rows = try [
            row(1, error: 0.1, nll: 3, validation: 0.5),
            row(2, error: 0.4, nll: 2, validation: 0.2),
            row(3, error: 0.3, nll: 1, validation: 0.3),
        ]
        let figures = try #require(RunFigures(rows))
        #expect(figures.bestChosenBy == .validation)
        #expect(!figures.bestChosenBy.text.contains("test set"))
        #expect(figures.best.epochs == [2])
        #expect(figures.best.error == 0.4)
        #expect(figures.best.negativeLogLikelihood == 2)
    }

    @Test("Epochs that were not evaluated count for the ten, but not for the mean")
    func evaluatedSeldom() throws {
        let rows = try (1...24).map {
            try row($0, error: $0 % 4 == 0 ? Double($0) / 100 : nil)
        }
        let figures = try #require(RunFigures(rows))
        #expect(figures.best.epochs == [4])
        #expect(figures.meanOfLastTen.epochs == [16, 20, 24])
        #expect(abs(figures.meanOfLastTen.error - 0.2) < 1e-12)
        #expect(try RunFigures([row(1, error: nil)]) == nil)
        #expect(RunFigures([]) == nil)
    }

    @Test("An NLL that is not finite is none, and makes the mean none")
    func notFinite() throws {
        let rows = try [row(1, error: 0.2, nll: nil), row(2, error: 0.3, nll: 1)]
        let figures = try #require(RunFigures(rows))
        #expect(figures.best.negativeLogLikelihood == nil)
        #expect(figures.last.negativeLogLikelihood == 1)
        #expect(figures.meanOfLastTen.negativeLogLikelihood == nil)
        #expect(figures.table().text.contains("nan"))
    }

    @Test("The table has a row for each figure, JSON gives the figures back")
    func forms() throws {
        let rows = try (1...20).map { try row($0, error: Double($0) / 1000, nll: 0.5) }
        let figures = try #require(RunFigures(rows))
        let expected = """
            epoch               test error %  test NLL
            ──────────────────  ────────────  ────────
            1 (best)                    0.10    0.5000
            20 (last)                   2.00    0.5000
            11–20 (mean of 10)          1.55    0.5000

            """
        #expect(figures.table().text == expected)
        let json = try JSONEncoder().encode(figures)
        #expect(try JSONDecoder().decode(RunFigures.self, from: json) == figures)
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        #expect(Set(object.keys) == ["best", "last", "mean_of_last_ten", "best_chosen_by"])
    }
}
