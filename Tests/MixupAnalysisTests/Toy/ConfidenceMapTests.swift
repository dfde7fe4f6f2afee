import Foundation
import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@testable import MixupAnalysis

@Suite("Maps of confidence")
struct ConfidenceMapTests {
    /// Gives the second class the logit `steepness · x`, the first one 0.
    private func slope(_ steepness: Float, classCount: Int = 2) throws -> MLP {
        let model = try MLP(
            inputShape: [2],
            widths: [],
            classCount: classCount,
            generator: Generator(seed: 1)
        )
        guard classCount == 2 else { return model }
        try model.load([
            "fc1.weight": Tensor([Float(0), 0, steepness, 0], shape: [2, 2]),
            "fc1.bias": Tensor([Float(0), 0]),
        ])
        return model
    }

    private let window = PlaneWindow(x: -2...2, y: 0...1)

    @Test("The values are the logistic function of the place")
    func values() throws {
        let map = try ConfidenceMap(of: slope(3), window: window, resolution: 5, unit: 2)
        #expect(map.x == [-2, -1, 0, 1, 2])
        #expect(map.y == [0, 0.25, 0.5, 0.75, 1])
        for line in map.values {
            for (x, value) in zip(map.x, line) {
                #expect(abs(value - 1 / (1 + exp(-3 * x / 2))) < 1e-6)
            }
        }
    }

    @Test("The confident share is that of the places with a probability above the threshold")
    func share() throws {
        let map = try ConfidenceMap(of: slope(3), window: window, resolution: 401)
        // Above 0.95 means 3|x| > ln 19.
        let expected = 1 - log(19.0) / 3 / 2
        let share = try #require(map.confidentShare())
        #expect(abs(share - expected) < 0.01)
        #expect(map.confidentShare { $0.x > 1 } == 1)
        #expect(map.confidentShare { _ in false } == nil)
    }

    @Test("The decision boundary is where the probability is a half")
    func boundary() throws {
        let shifted = PlaneWindow(x: -1.9...2.1, y: 0...1)
        let map = try ConfidenceMap(of: slope(1), window: shifted, resolution: 41)
        let boundary = map.decisionBoundary
        #expect(boundary.count == 41)
        #expect(boundary.allSatisfy { abs($0.x) < 1e-3 })
        let flat = try ConfidenceMap(of: slope(0), window: window, resolution: 5)
        #expect(flat.decisionBoundary.isEmpty)
    }

    @Test("A map of hidden states goes on from there")
    func hidden() throws {
        let model = try MLP(
            inputShape: [2],
            widths: [4, 2],
            classCount: 2,
            bottleneck: 2,
            generator: Generator(seed: 3)
        )
        let map = try ConfidenceMap(of: model, at: 2, window: window, resolution: 3)
        let states = try PlanePoint.matrix(map.x.map { PlanePoint($0, map.y[1]) })
        let logits = try withoutGradients {
            try model.logits(from: states, at: 2, inputShape: [2])
        }
        let expected = try logits.softmax().scalars(as: Float.self)
        #expect(map.values[1].map(Float.init) == [expected[1], expected[3], expected[5]])
    }

    @Test("More than two classes and a grid of one point are refused")
    func refusing() throws {
        #expect(throws: ReportError.self) {
            try ConfidenceMap(of: slope(1, classCount: 3), window: window, resolution: 3)
        }
        #expect(throws: ReportError.self) {
            try ConfidenceMap(of: slope(1), window: window, resolution: 1)
        }
    }
}
