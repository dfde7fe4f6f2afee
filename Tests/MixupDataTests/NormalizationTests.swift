import Foundation
import MixupData
import Testing

@Suite("Normalisation")
struct NormalizationTests {
    private func dataset(_ features: Dataset.Features, shape: [Int], count: Int) throws -> Dataset {
        try Dataset(
            name: "d",
            shape: shape,
            classNames: ["a"],
            labels: [Int](repeating: 0, count: count),
            features: features,
            normalization: Normalization()
        )
    }

    @Test("Mean and deviation of 0 … n-1 have their closed form, for bytes and for numbers")
    func closedForm() throws {
        let bytes = try dataset(.bytes((0..<200).map { UInt8($0) }), shape: [1, 2], count: 100)
        let floats = try dataset(.floats((0..<200).map { Float($0) }), shape: [1, 2], count: 100)
        for measured in [bytes, floats].map({ $0.measuredNormalization(scale: 10) }) {
            #expect(measured.scale == 10)
            #expect(abs(measured.mean[0] - 9.95) < 1e-12)
            let deviation = ((200.0 * 200 - 1) / 12).squareRoot() / 10
            #expect(abs(measured.standardDeviation[0] - deviation) < 1e-12)
        }
    }

    @Test("Each channel has its own statistics")
    func channels() throws {
        let values: [UInt8] = [0, 2, 10, 30, 4, 6, 50, 70]
        let measured = try dataset(.bytes(values), shape: [2, 2], count: 2)
            .measuredNormalization()
        #expect(measured.mean == [3, 40])
        #expect(measured.standardDeviation == [sqrt(5), sqrt(500)])
    }

    @Test("Measured values make every channel's mean 0 and variance 1")
    func standardises() throws {
        var generator = SplitMix64(seed: 4)
        let values = (0..<3000).map { _ in Float.random(in: -5...900, using: &generator) }
        var table = try dataset(.floats(values), shape: [3], count: 1000)
        table.normalization = table.measuredNormalization(scale: 7)
        let result = try table.minibatch(0..<1000).features.map { Double($0) }
        for column in 0..<3 {
            let entries = stride(from: column, to: 3000, by: 3).map { result[$0] }
            let mean = entries.reduce(0, +) / 1000
            let variance = entries.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1000
            #expect(abs(mean) < 1e-6)
            #expect(abs(variance - 1) < 1e-5)
        }
    }

    @Test(
        "A constant channel becomes 0, also where its value has no exact sum",
        arguments: [Float(0), 0.1, 1e-30, -3.3e33]
    )
    func constant(_ value: Float) throws {
        var table = try dataset(
            .floats([Float](repeating: value, count: 997)),
            shape: [1],
            count: 997
        )
        table.normalization = table.measuredNormalization()
        #expect(table.normalization.standardDeviation == [1])
        #expect(try table.minibatch(0..<997).features.allSatisfy { $0 == 0 })
    }

    @Test("A normalisation survives being written and read")
    func codable() throws {
        let normalization = Normalization(scale: 255, mean: [0.1307], standardDeviation: [0.3081])
        let written = try JSONEncoder().encode(normalization)
        let read = try JSONDecoder().decode(Normalization.self, from: written)
        #expect(read == normalization)
    }
}
