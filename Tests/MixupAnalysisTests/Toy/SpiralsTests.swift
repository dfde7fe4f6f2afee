import Foundation
import LibTorch
import MixupData
import Testing

@testable import MixupAnalysis

@Suite("Two spirals")
struct SpiralsTests {
    private func points(_ dataset: Dataset) throws -> [PlanePoint] {
        let batch = try dataset.minibatch(0..<dataset.count)
        return try PlanePoint.rows(of: Tensor(batch.features, shape: batch.shape))
            .map { PlanePoint($0.x * Spirals.unit, $0.y * Spirals.unit) }
    }

    @Test("Every example lies on its spiral r = θ, the second turned by half a circle")
    func places() throws {
        let dataset = try Spirals.dataset(perClass: 300, generator: Generator(seed: 1))
        #expect(dataset.classCounts == [300, 300])
        for (point, label) in zip(try points(dataset), dataset.labels) {
            let angle = point.distance(to: PlanePoint(0, 0))
            let sign = label == 0 ? 1.0 : -1.0
            let place = PlanePoint(-sign * angle * cos(angle), sign * angle * sin(angle))
            #expect(point.distance(to: place) < 1e-4)
            #expect(angle <= Spirals.largestAngle + 1e-4)
        }
    }

    @Test("The squares of the angles are uniform")
    func law() throws {
        let dataset = try Spirals.dataset(perClass: 4000, generator: Generator(seed: 2))
        let shares = try points(dataset).map { point in
            let part = point.distance(to: PlanePoint(0, 0)) / Spirals.largestAngle
            return part * part
        }.sorted()
        // Kolmogorov and Smirnov: beyond 1.95 / √n once in a thousand times.
        let distances = shares.enumerated().map { index, share in
            abs(share - (Double(index) + 0.5) / Double(shares.count))
        }
        let distance = try #require(distances.max())
        #expect(distance < 1.95 / Double(shares.count).squareRoot())
    }

    @Test("No examples are refused")
    func empty() throws {
        #expect(throws: ReportError.self) {
            try Spirals.dataset(perClass: 0, generator: Generator(seed: 1))
        }
    }
}
