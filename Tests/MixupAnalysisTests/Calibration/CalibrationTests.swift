import Foundation
import LibTorch
import ManifoldMixup
import MixupAnalysis
import MixupTraining
import Testing

@Suite("Calibration")
struct CalibrationTests {
    /// Examples of two classes: the probability of class 0, and the true class.
    private static func examples(_ rows: [(Double, Int)]) throws -> LabelledProbabilities {
        try LabelledProbabilities(
            ClassProbabilities(
                logits: rows.flatMap { [log($0.0), log(1 - $0.0)] },
                classCount: 2
            ),
            labels: rows.map(\.1)
        )
    }

    /// `count` examples of one confidence, of which some are right.
    private static func group(_ confidence: Double, right: Int, of count: Int) -> [(Double, Int)] {
        (0..<count).map { (confidence, $0 < right ? 0 : 1) }
    }

    @Test("One confidence gives |accuracy − confidence|", arguments: [0, 3, 8, 10])
    func oneConfidence(right: Int) throws {
        let examples = try Self.examples(Self.group(0.8, right: right, of: 10))
        for binning in ReliabilityDiagram.Binning.allCases {
            for binCount in [1, 2, 15] where binning == .equalWidth || binCount == 1 {
                let diagram = try ReliabilityDiagram(examples, binning, binCount: binCount)
                let expected = abs(Double(right) / 10 - 0.8)
                #expect(abs(diagram.expectedCalibrationError - expected) < 1e-12)
            }
        }
    }

    @Test("Bins are weighted by their examples, and errors do not cancel between them")
    func twoBins() throws {
        let examples = try Self.examples(
            Self.group(0.58, right: 9, of: 10) + Self.group(0.88, right: 18, of: 30)
        )
        let diagram = try ReliabilityDiagram(examples, binCount: 10)
        let expected = (10 * 0.32 + 30 * 0.28) / 40
        #expect(abs(diagram.expectedCalibrationError - expected) < 1e-12)
        #expect(diagram.bins.map(\.count) == [0, 0, 0, 0, 0, 10, 0, 0, 30, 0])
        #expect(diagram.bins[0].accuracy == nil)
        #expect(abs((diagram.bins[8].confidence ?? 0) - 0.88) < 1e-12)
        #expect(diagram.bins[8].accuracy == 0.6)
        // One bin lets the two errors cancel in part.
        let one = try ReliabilityDiagram(examples, binCount: 1).expectedCalibrationError
        #expect(abs(one - abs(27.0 / 40 - (5.8 + 26.4) / 40)) < 1e-12)
    }

    @Test("Bins of equal mass differ by one example at most, and are sorted by confidence")
    func equalMass() throws {
        let rows = (0..<23).map { (number: Int) -> (Double, Int) in
            (0.5 + Double(number * 7 % 23) / 50, number % 2)
        }
        let diagram = try ReliabilityDiagram(Self.examples(rows), .equalMass, binCount: 5)
        let counts = diagram.bins.map(\.count)
        #expect(counts.reduce(0, +) == 23)
        #expect(Set(counts) == [4, 5])
        for (bin, next) in zip(diagram.bins, diagram.bins.dropFirst()) {
            #expect(bin.upper <= next.lower)
        }
        let few = try ReliabilityDiagram(Self.examples([(0.7, 0)]), .equalMass, binCount: 5)
        #expect(few.bins.map(\.count).reduce(0, +) == 1)
    }

    @Test("Perfect calibration has no error; ends of bins belong to the lower one")
    func ends() throws {
        let perfect = Self.group(0.75, right: 6, of: 8) + Self.group(0.5, right: 2, of: 4)
        let diagram = try ReliabilityDiagram(Self.examples(perfect), binCount: 2)
        #expect(diagram.expectedCalibrationError < 1e-12)
        #expect(diagram.bins.map(\.count) == [4, 8])
    }

    @Test("NLL and Brier's score of even, right and wrong probabilities are log C, 0, 2")
    func closedForms() throws {
        let even = try LabelledProbabilities(
            ClassProbabilities(logits: Array(repeating: 3, count: 20), classCount: 5),
            labels: [0, 4, 2, 1]
        )
        #expect(abs(even.negativeLogLikelihood - log(5)) < 1e-12)
        #expect(abs(even.brierScore - 0.8) < 1e-12)
        #expect(even.probabilities.entropies.allSatisfy { abs($0 - log(5)) < 1e-12 })
        let sure = try ClassProbabilities(logits: [2000, 0, 0, 0, 2000, 0], classCount: 3)
        let right = try LabelledProbabilities(sure, labels: [0, 1])
        let wrong = try LabelledProbabilities(sure, labels: [1, 2])
        #expect(right.negativeLogLikelihood == 0)
        #expect(right.brierScore == 0)
        #expect(wrong.negativeLogLikelihood == 2000)
        #expect(wrong.brierScore == 2)
        #expect(sure.entropies == [0, 0])
    }

    @Test("A trained network's calibration has the error and NLL of its evaluation")
    func evaluation() throws {
        let (model, digits) = (try Subjects.network(), try Subjects.digits())
        let calibration = try Calibration(model.labelledProbabilities(on: digits, batchSize: 7))
        let evaluation = try model.evaluate(on: digits)
        #expect(calibration.error == evaluation.error)
        #expect(
            abs(calibration.negativeLogLikelihood - evaluation.negativeLogLikelihood) < 1e-6
        )
        #expect(calibration.equalWidth.bins.map(\.count).reduce(0, +) == 60)
    }

    @Test("What cannot be is refused in one line")
    func refused() throws {
        let one = try Self.examples([(0.7, 0)])
        for make in [
            { _ = try ClassProbabilities(logits: [1, 2, 3], classCount: 2) },
            { _ = try ClassProbabilities(logits: [], classCount: 2) },
            { _ = try ClassProbabilities(logits: [1, .nan], classCount: 2) },
            { _ = try ClassProbabilities(logits: [1], classCount: 0) },
            { _ = try LabelledProbabilities(one.probabilities, labels: [2]) },
            { _ = try LabelledProbabilities(one.probabilities, labels: []) },
            { _ = try ReliabilityDiagram(one, binCount: 0) },
        ] as [() throws -> Void] {
            let error = #expect(throws: MixupError.self) { try make() }
            #expect(error?.message.contains("\n") == false)
        }
    }
}
