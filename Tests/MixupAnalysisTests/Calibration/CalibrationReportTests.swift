import Foundation
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupTraining
import Testing

@Suite("The calibration report")
struct CalibrationReportTests {
    private static let settings = CalibrationReport.Settings(
        binCount: 10,
        inputCount: 40,
        lambdas: [0.5, 1]
    )

    @Test("It has the test set, every boundary, the noise and the other data")
    func parts() throws {
        let (model, data) = (try Subjects.network(), try Digits.load())
        let report = try model.calibrationReport(on: data, Self.settings, other: data.train)
        #expect(report.test.count == 449)
        #expect(report.tempered == nil)
        #expect(
            report.confidences.map(\.source) == [
                "digits test", "half-way between two classes at boundary 0",
                "half-way between two classes at boundary 1",
                "half-way between two classes at boundary 2", "gaussian noise", "uniform noise",
                "digits train",
            ]
        )
        for histogram in report.confidences {
            #expect(histogram.counts.reduce(0, +) == histogram.count)
            #expect(histogram.counts.count == 10)
        }
        #expect(report.confidences.suffix(3).allSatisfy { $0.count == 40 })
        #expect(report.interpolation.map(\.boundary) == [0, 1, 2])
        let data2 = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(CalibrationReport.self, from: data2) == report)
    }

    @Test("A temperature is fitted to the hold-out, and judged by the whole test set")
    func holdOut() throws {
        let (model, data) = (try Subjects.network(), try Digits.load().holdingOut(0.2, seed: 0))
        let report = try model.calibrationReport(on: data, Self.settings)
        let tempered = try #require(report.tempered)
        #expect(tempered.fittedTo == .holdOut)
        #expect(tempered.fittedCount == data.validation?.count)
        #expect(tempered.before == report.test)
        #expect(tempered.after.error == report.test.error)
        #expect(tempered.after.negativeLogLikelihood != report.test.negativeLogLikelihood)
    }

    @Test("Without a hold-out, half of the test set serves if it is named, and nothing else")
    func testHalf() throws {
        let (model, data) = (try Subjects.network(), try Digits.load())
        var settings = Self.settings
        settings.temperaturePart = .testHalf
        let tempered = try #require(
            try model.calibrationReport(on: data, settings).tempered
        )
        #expect(tempered.fittedCount == 225)
        #expect(tempered.before.count == 224)
        #expect(tempered.after.count == 224)
        settings.temperaturePart = .holdOut
        let error = #expect(throws: MixupError.self) {
            try model.calibrationReport(on: data, settings)
        }
        #expect(error?.message.contains("no held-out examples") == true)
    }

    @Test("Other data of another shape are refused, and theirs is named")
    func otherShape() throws {
        let other = try Dataset(
            name: "other",
            shape: [1, 4, 4],
            classNames: ["a", "b"],
            labels: [0],
            features: .bytes([UInt8](repeating: 1, count: 16)),
            normalization: Normalization(scale: 255)
        )
        let error = #expect(throws: MixupError.self) {
            try Subjects.network().calibrationReport(
                on: Digits.load(),
                Self.settings,
                other: other
            )
        }
        #expect(error?.message.contains("[1, 4, 4]") == true)
    }
}
