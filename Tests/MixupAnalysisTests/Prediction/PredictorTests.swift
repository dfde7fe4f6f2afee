import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("Predictions")
struct PredictorTests {
    /// A network whose logits are its inputs.
    private func identity(_ names: [String], temperature: Double? = nil) throws -> Predictor {
        let count = names.count
        let network = try MLP(
            inputShape: [count],
            widths: [],
            classCount: count,
            generator: Generator(seed: 1)
        )
        let unit = (0..<count * count).map { Float($0 % (count + 1) == 0 ? 1 : 0) }
        try network.load([
            "fc1.weight": Tensor(unit, shape: [count, count]), "fc1.bias": Tensor.zeros([count]),
        ])
        let description = ModelDescription(
            model: .init(widths: []),
            input: try InputFormat(
                shape: [count],
                normalization: Normalization(),
                hasPixels: false
            ),
            classNames: names,
            precision: .float32,
            origin: .init(data: "none", method: "none", epoch: 0, step: 0)
        )
        return Predictor(
            network,
            description: description,
            temperature: temperature.map { .init(value: $0, exampleCount: 10) }
        )
    }

    private func inputs(_ rows: [[Float]]) throws -> [Input] {
        let text = rows.map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "\n")
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("predictor-\(UUID().uuidString).csv")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let predictor = try identity(rows[0].indices.map { "\($0)" })
        return try predictor.reader([file.path]).next(rows.count).map { try $0.get() }
    }

    @Test("Candidates are the classes by their probability, the softmax of the logits")
    func closedForm() throws {
        let predictor = try identity(["ant", "bee", "cat"], temperature: 2)
        let logits: [Float] = [Float(log(2.0)), Float(log(5.0)), 0]
        let prediction = try #require(try predictor(inputs([logits]), top: 2).first)
        #expect(prediction.candidates.map(\.className) == ["bee", "ant"])
        #expect(prediction.candidates.map(\.index) == [1, 0])
        #expect(prediction.best == prediction.candidates[0])
        for (candidate, share) in zip(prediction.candidates, [5.0, 2.0]) {
            #expect(abs(candidate.probability - share / 8) < 1e-6)
            let calibrated = share.squareRoot() / (5.0.squareRoot() + 2.0.squareRoot() + 1)
            #expect(abs((candidate.calibrated ?? 0) - calibrated) < 1e-6)
        }
    }

    @Test(
        "Of equal classes the first comes first; no more candidates than classes, and at least one"
    )
    func order() throws {
        let predictor = try identity(["a", "b", "c"])
        let rows = try inputs([[1, 1, 1], [0, 2, 2]])
        let all = try predictor(rows, top: 9)
        #expect(all.map { $0.candidates.map(\.index) } == [[0, 1, 2], [1, 2, 0]])
        #expect(all[0].candidates.allSatisfy { $0.calibrated == nil })
        #expect(try predictor(rows, top: 0).map(\.candidates.count) == [1, 1])
        #expect(try predictor([]).isEmpty)
    }

    @Test("Weights that give no finite logits, and inputs that do not fit, are errors")
    func impossible() throws {
        let rows = try inputs([[1, 2, 3]])
        #expect(throws: TorchError.self) { try identity(["a", "b"])(rows) }
        let broken = try identity(["a", "b", "c"])
        try broken.model.load([
            "fc1.weight": .full([3, 3], .nan), "fc1.bias": Tensor.zeros([3]),
        ])
        #expect(throws: MixupError.self) { try broken(rows) }
    }

    @Test("On a run's own test examples, predictions are as often wrong as its evaluation says")
    func likeTheEvaluation() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("predictor-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var recipe = Recipe()
        recipe.data.holdOut = 0.2
        recipe.model.widths = [12]
        recipe.training.epochs = 3
        recipe.training.threads = 1
        let path = folder.path
        let run = try TrainingRun.start(recipe, at: path)
        #expect(try run.run() == .finished)
        let saved = try SavedModel(path: path)
        let predictor = try Predictor(saved)
        let test = run.trainer.data.test
        guard case .bytes(let bytes) = test.features else {
            Issue.record("the digits are bytes")
            return
        }
        let table = folder.appendingPathComponent("digits.csv")
        let lines = (0..<test.count).map { example in
            (bytes[example * 64..<(example + 1) * 64].map(String.init)
                + [test.classNames[test.labels[example]]]).joined(separator: ",")
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: table)
        let reader = predictor.reader([table.path], isLabelled: true)
        let inputs = try reader.next(1000).map { try $0.get() }
        #expect(inputs.count == test.count)
        let predictions = try predictor(inputs)
        let wrong = zip(inputs, predictions).count { $0.label != $1.best.className }
        #expect(Double(wrong) / Double(test.count) == (try #require(run.lastTest)).error)

        // The temperature is that of the hold-out, and goes along with an exported file.
        let heldOut = try #require(run.trainer.data.validation)
        let fitted = TemperatureScaling(
            fittedTo: try run.trainer.model.labelledProbabilities(on: heldOut)
        )
        let temperature = try #require(predictor.temperature)
        #expect(temperature == .init(value: fitted.temperature, exampleCount: heldOut.count))
        #expect(try Predictor(saved, calibrates: false).temperature == nil)
        let file = folder.appendingPathComponent("exported.safetensors").path
        try saved.export(to: file, temperature: temperature)
        let exported = try Predictor(SavedModel(path: file))
        #expect(exported.temperature == temperature)
        #expect(try exported(inputs) == predictions)
    }
}
