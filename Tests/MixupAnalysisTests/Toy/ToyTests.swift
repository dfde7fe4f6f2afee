import LibTorch
import ManifoldMixup
import MixupModels
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("The toy of Figures 1 and 2")
struct ToyTests {
    /// Small enough for a test, and too short to learn much.
    private static func settings() -> ToySettings {
        var settings = ToySettings(.smoke)
        settings.perClass = 20
        settings.testPerClass = 20
        settings.width = 8
        settings.epochs = 2
        settings.resolution = 9
        return settings
    }

    @Test("The distance to the boundary counts examples on the wrong side as negative")
    func boundaryDistance() {
        let boundary = [PlanePoint(0, 0), PlanePoint(0, 1), PlanePoint(0, 2)]
        let examples = [[PlanePoint(3, 1), PlanePoint(4, 2)], [PlanePoint(-1, 0)]]
        func mean(_ isCorrect: [[Bool]]) -> Double? {
            ToyMeasures.boundaryDistance(of: examples, boundary: boundary, isCorrect: isCorrect)
        }
        #expect(mean([[true, true], [true]]) == 8.0 / 3)
        #expect(mean([[true, false], [true]]) == 0)
        #expect(
            ToyMeasures.boundaryDistance(of: examples, boundary: [], isCorrect: [[true]]) == nil
        )
    }

    @Test("The spread of a class is measured against the distance of the means")
    func classSpread() {
        let first = [PlanePoint(-1, 0), PlanePoint(1, 0)]
        let second = [PlanePoint(10, 1), PlanePoint(10, -1)]
        #expect(ToyMeasures.classSpread(of: [first, second]) == 0.1)
        #expect(ToyMeasures.classSpread(of: [first, first]) == nil)
    }

    @Test("Noise is added in training only, with the standard deviation that was asked for")
    func noise() throws {
        let network = try Self.settings().network(.none, streams: RandomStreams(seed: 1))
        let spy = Spy()
        let noisy = NoisyInput(spy, standardDeviation: 0.5)
        let input = try Tensor.ones([20_000, 2])
        _ = try noisy(input, ForwardPass())
        let unchanged = try #require(spy.seen)
        #expect(try unchanged.isEqual(to: input))
        let generator = try Generator(seed: 1)
        _ = try noisy(input, ForwardPass(isTraining: true, dropoutGenerator: generator))
        let seen = try #require(spy.seen)
        let noise = try (seen - input).scalars(as: Float.self).map(Double.init)
        let summary = Summary(noise)
        #expect(abs(summary.mean) < 0.015)
        let deviation = try #require(summary.standardDeviation)
        #expect(abs(deviation - 0.5) < 0.015)
        #expect(throws: TorchError.self) { try noisy(input, ForwardPass(isTraining: true)) }
        #expect(
            NoisyInput(network, standardDeviation: 1).stateDictionary().map(\.name)
                == network.stateDictionary().map(\.name)
        )
    }

    @Test(
        "The network has two linear units in the middle, which dropout and batch norm leave alone"
    )
    func network() throws {
        for method in ComparedMethod.allCases {
            let settings = ToySettings(.quick)
            let network = try settings.network(method, streams: RandomStreams(seed: 1))
            #expect(network.mixingSites.count == 8)
            let names = network.network.blocks.map(\.name)
            #expect(names.filter { $0.hasPrefix("fc") }.count == 9)
            #expect(!names.contains("activation5"))
            #expect(!names.contains("bn5") && !names.contains("dropout5"))
            #expect(names.contains("bn4") == (method == .batchNorm))
            #expect(names.contains("dropout6") == (method == .dropout))
            let training = try settings.training(method)
            let layers = (training.mixup as? Mixup)?.eligibleLayers?.layers
            #expect(
                layers == (method == .manifoldMixup ? [5] : method == .inputMixup ? [0] : nil)
            )
        }
    }

    @Test("Every method and seed is trained, measured and shown, and the same again")
    func experiment() throws {
        var lines: [String] = []
        func run() throws -> ExperimentResult {
            try ToyExperiment(settings: Self.settings()).run(
                scale: .smoke,
                seeds: 2,
                dataDirectory: nil,
                progress: { lines.append($0) }
            )
        }
        let result = try run()
        let methods = ComparedMethod.allCases.count
        #expect(lines.count == 2 * methods)
        #expect(result.sections.map(\.charts.count) == [3, methods, methods, 0])
        let numbers = try #require(result.numbers as? ToyNumbers)
        #expect(numbers.runs.count == 2 * methods)
        // Input noise and the like must make a difference, also in two epochs.
        let firsts = numbers.runs.filter { $0.seed == 1 }.map(\.measures.testNLL)
        #expect(Set(firsts).count == methods)
        let again = try #require(try run().numbers as? ToyNumbers)
        #expect(again.runs.map(\.measures) == numbers.runs.map(\.measures))
    }

    @Test("A window around points is wider by its margin, also around one point")
    func window() {
        let window = PlaneWindow(around: [PlanePoint(0, 1), PlanePoint(4, 1)], margin: 0.25)
        #expect(window.x == -1...5)
        #expect(window.y.upperBound > 1 && window.y.lowerBound < 1)
        let place = window.place(of: PlanePoint(2, 1))
        #expect(abs(place.x - 0.5) < 1e-9 && abs(place.y - 0.5) < 1e-9)
    }
}

/// Keeps the input that it was given.
private final class Spy: Classifier {
    let mixingSites: [String] = []
    var seen: Tensor?

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        seen = input
        return input
    }
}
