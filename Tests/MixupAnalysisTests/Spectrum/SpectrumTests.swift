import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupAnalysis

@Suite("The spectrum of hidden states")
struct SpectrumTests {
    private static func spectrum(
        _ rows: [Double],
        columns: Int,
        isCentred: Bool = false,
        isDivided: Bool = false
    ) throws -> Spectrum {
        try Spectrum(
            of: Tensor(rows, shape: [rows.count / columns, columns]),
            isCentred: isCentred,
            isDividedByRootOfCount: isDivided
        )
    }

    private static func isClose(_ first: [Double], _ second: [Double]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) < 1e-12 }
    }

    @Test("Rows along the axes have their lengths for singular values")
    func closedForm() throws {
        let spectrum = try Self.spectrum([3, 0, 0, 0, -4, 0], columns: 3)
        #expect(Self.isClose(spectrum.values, [4, 3]))
        #expect(abs(spectrum.largest - 4) < 1e-12)
        #expect(abs(spectrum.sumOfOthers - 3) < 1e-12)
    }

    @Test("Centred, what is left are the deviations from the mean")
    func centring() throws {
        // Two states at 10 ± 1 along the first axis: the deviations are ±1.
        let rows: [Double] = [11, 5, 9, 5]
        let centred = try Self.spectrum(rows, columns: 2, isCentred: true)
        #expect(Self.isClose(centred.values, [Double(2).squareRoot(), 0]))
        let uncentred = try Self.spectrum(rows, columns: 2)
        #expect(uncentred.largest > 15)
    }

    @Test("Divided by the root of their number, centred squares are variances")
    func variance() throws {
        let numbers: [Double] = [1, 2, 3, 6]
        let spectrum = try Self.spectrum(numbers, columns: 1, isCentred: true, isDivided: true)
        #expect(abs(spectrum.largest * spectrum.largest - 3.5) < 1e-12)
    }

    @Test("The effective rank counts equal values, and is 0 without any")
    func effectiveRank() {
        #expect(abs(Spectrum(values: [2, 2, 2, 0]).effectiveRank - 3) < 1e-12)
        #expect(abs(Spectrum(values: [7]).effectiveRank - 1) < 1e-12)
        #expect(Spectrum(values: [0, 0]).effectiveRank == 0)
        // Shares ¾ and ¼.
        let entropy = -(0.75 * log(0.75) + 0.25 * log(0.25))
        #expect(abs(Spectrum(values: [1, 3]).effectiveRank - exp(entropy)) < 1e-12)
    }

    @Test("States that are not finite are refused", arguments: [Double.nan, .infinity])
    func notFinite(value: Double) {
        #expect(throws: MixupError.self) { try Self.spectrum([1, value], columns: 2) }
    }

    @Test("JSON holds the values and what follows from them")
    func json() throws {
        let data = try JSONEncoder().encode(Spectrum(values: [3, 1]))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["largest"] as? Double == 3)
        #expect(object["sum_of_others"] as? Double == 1)
        #expect(object["values"] as? [Double] == [3, 1])
        #expect(object["effective_rank"] != nil)
    }
}
