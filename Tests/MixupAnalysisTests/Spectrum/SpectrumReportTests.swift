import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupData
import MixupModels
import MixupTraining
import Testing

@Suite("Spectra of the classes and between them")
struct SpectrumReportTests {
    /// The states of the fixture as examples of a data set, which are the states at boundary 0.
    private static func dataset(_ fixture: Fixture) throws -> Dataset {
        let features = try fixture.tensor("features")
        return try Dataset(
            name: "states",
            shape: [features.shape[1]],
            classNames: ["flat", "large", "small"],
            labels: fixture.tensor("labels").scalars(as: Int64.self).map(Int.init),
            features: .floats(features.scalars(as: Float.self)),
            normalization: Normalization()
        )
    }

    private static func report(isDivided: Bool = false) throws -> SpectrumReport {
        try Subjects.linear(inputs: 16, classes: 3).spectrumReport(
            at: 0,
            on: dataset(Fixture("spectrum")),
            isDividedByRootOfCount: isDivided,
            precision: .float64
        )
    }

    /// The largest deviation, relative to the largest value, as small ones may be rounding.
    private static func deviation(_ found: Spectrum, _ expected: [Double]) throws -> Double {
        try #require(found.values.count == expected.count)
        let worst = zip(found.values, expected).map { abs($0 - $1) }.max() ?? 0
        return worst / (expected.max() ?? 1)
    }

    @Test("All singular values are NumPy's, of every class, of all, and between the classes")
    func parity() throws {
        let fixture = try Fixture("spectrum")
        let report = try Self.report()
        let pairs = report.classes.map(\.spectra) + [report.all]
        for (name, pair) in zip(["class.0", "class.1", "class.2", "all"], pairs) {
            let uncentred = try fixture.tensor(name + ".uncentred").doubles
            let centred = try fixture.tensor(name + ".centred").doubles
            #expect(try Self.deviation(pair.uncentred, uncentred) < 1e-12)
            #expect(try Self.deviation(pair.centred, centred) < 1e-12)
        }
        let between = try fixture.tensor("between").doubles
        #expect(try Self.deviation(report.betweenClasses, between) < 1e-12)
        #expect(report.classes.map(\.count) == [12, 30, 5])
        #expect(report.dimensions == 16)
    }

    @Test("A class that varies in two directions has two centred values and a third uncentred one")
    func flatClass() throws {
        let flat = try Self.report().classes[0].spectra
        let centred = flat.centred.values
        #expect(centred[1] > 1 && centred[2] < 1e-5)
        #expect(flat.uncentred.values[2] > 0.1 && flat.uncentred.values[3] < 1e-5)
    }

    @Test("The squares of all centred values are those within the classes and those between them")
    func squares() throws {
        let report = try Self.report()
        func squares(_ spectrum: Spectrum) -> Double {
            spectrum.values.reduce(0) { $0 + $1 * $1 }
        }
        let within = report.classes.reduce(0) { $0 + squares($1.spectra.centred) }
        let between = squares(report.betweenClasses)
        let total = squares(report.all.centred)
        #expect(abs(within + between - total) < 1e-9 * total)
        #expect(abs(report.spreadRatio - (within / between).squareRoot()) < 1e-12)
    }

    @Test("Divided by the root of the number, values scale and the ratio of spreads stays")
    func divided() throws {
        let (report, divided) = (try Self.report(), try Self.report(isDivided: true))
        let largest = divided.classes[1].spectra.uncentred.largest
        #expect(
            abs(largest * Double(30).squareRoot() - report.classes[1].spectra.uncentred.largest)
                < 1e-9
        )
        #expect(
            abs(divided.all.centred.largest * Double(47).squareRoot() - report.all.centred.largest)
                < 1e-9
        )
        #expect(abs(divided.spreadRatio - report.spreadRatio) < 1e-12)
    }

    @Test("The mean over the classes weighs every class the same")
    func classMean() throws {
        let report = try Self.report()
        let values = report.classes.map(\.spectra.uncentred.largest)
        let mean = report.classMean { $0.uncentred.largest }
        #expect(abs(mean - values.reduce(0, +) / 3) < 1e-12)
    }

    @Test("Hidden layers are measured too, whatever the batch size")
    func hidden() throws {
        let network = try Subjects.network()
        let data = try Subjects.digits()
        let one = try network.spectrumReport(at: 2, on: data)
        let other = try network.spectrumReport(at: 2, on: data, batchSize: 7)
        #expect(one.dimensions == 12)
        #expect(try Self.deviation(one.all.centred, other.all.centred.values) < 1e-6)
    }

    @Test("A boundary that the model lacks, and a class with one example, are refused by name")
    func badInput() throws {
        let network = try Subjects.network()
        #expect {
            try network.spectrumReport(at: 3, on: Subjects.digits())
        } throws: {
            "\($0)".contains("3")
        }
        let labels = try Subjects.digits().labels
        let lonely = labels.indices.filter { labels[$0] != 4 } + [labels.firstIndex(of: 4) ?? 0]
        #expect {
            try network.spectrumReport(at: 1, on: Subjects.digits().subset(lonely))
        } throws: {
            "\($0)".contains("class '4' has 1 of")
        }
    }
}
