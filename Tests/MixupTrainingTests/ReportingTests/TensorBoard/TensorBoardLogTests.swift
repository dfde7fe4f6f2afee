import Foundation
import TestPython
import Testing

@testable import MixupTraining

/// Reads event files with the real tensorboard package, where Python has it.
private enum TensorBoard {
    static let isAvailable = (try? Python.output(of: ["-c", script, "/nowhere"])) != nil

    /// What the accumulator says of a folder: for each tag, its steps and values in order.
    static func scalars(in folder: String) throws -> [String: [Point]] {
        let output = try Python.output(of: ["-c", script, folder])
        return try JSONDecoder().decode([String: [Point]].self, from: output)
    }

    struct Point: Decodable, Equatable {
        let step: Int
        let value: Float
    }

    private static let script = """
        import json, sys
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        if sys.argv[1] == "/nowhere":
            print("{}")
            sys.exit()
        events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
        events.Reload()
        print(json.dumps({
            tag: [{"step": point.step, "value": point.value} for point in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]
        }))
        """
}

@Suite("TensorBoard's event files")
struct TensorBoardLogTests {
    private func names(_ folder: ScratchFolder) throws -> [String] {
        try folder.names().filter { $0.contains("tfevents") }
    }

    @Test("Each start makes a file of its own, which comes after the ones before")
    func order() throws {
        let folder = try ScratchFolder()
        var made: [String] = []
        for step in 0..<4 {
            _ = try TensorBoardLog(folder: folder.path, afterStep: step)
            let new = try names(folder).filter { !made.contains($0) }
            #expect(new.count == 1)
            #expect(new[0] > made.last ?? "")
            made += new
        }
        // A file from a clock that went ahead stays before the next one, too.
        try folder.write("", "events.out.tfevents.4000000000.other.9")
        _ = try TensorBoardLog(folder: folder.path, afterStep: 4)
        #expect(try names(folder).last?.hasPrefix("events.out.tfevents.4000000001.") == true)
    }

    @Test("A folder that cannot be written to is an error")
    func noFolder() throws {
        let folder = try ScratchFolder()
        #expect(throws: FileError.self) {
            try TensorBoardLog(folder: folder.path("nowhere"), afterStep: 0)
        }
    }

    @Test(
        "The real tensorboard reads the figures of a run that was resumed, each step once",
        .enabled(
            if: TensorBoard.isAvailable,
            "\(Python.skipMessage("tensorboard"))"
        )
    )
    func readBack() throws {
        let folder = try ScratchFolder()
        let path = folder.path("run")
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 4
        recipe.training.batchSize = 300
        recipe.training.evaluateEvery = 2
        recipe.training.threads = 1
        // Stopped within an epoch, then finished.
        var steps = 0
        func stop() -> Bool {
            steps += 1
            return steps == 7
        }
        #expect(try TrainingRun.start(recipe, at: path).run(shouldStop: stop) == .stopped)
        #expect(try TrainingRun.resume(path).run() == .finished)
        // The last epoch once again: the steps overlap with those of the file before.
        #expect(try TrainingRun.resume(path, checkpoint: "previous").run() == .finished)
        #expect(try folder.names(in: "run").count { $0.contains("tfevents") } == 3)
        // Resuming what is finished makes no file.
        #expect(try TrainingRun.resume(path).run() == .finished)
        #expect(try folder.names(in: "run").count { $0.contains("tfevents") } == 3)

        let rows = try MetricsLog.read(path + "/metrics.jsonl", as: EpochRow.self)
        #expect(rows.map(\.epoch) == [1, 2, 3, 4])
        func points(_ value: (EpochRow) -> Double?) -> [TensorBoard.Point] {
            rows.compactMap { row in
                value(row).map { TensorBoard.Point(step: row.step, value: Float($0)) }
            }
        }
        let expected = [
            "train/loss": points(\.trainingLoss),
            "train/learning_rate": points(\.learningRate),
            "test/error": points(\.testError),
            "test/nll": points(\.testNegativeLogLikelihood),
            "test/top5_error": points(\.testTopFiveError),
        ]
        #expect(expected["test/error"]?.map(\.step) == [10, 20])
        #expect(try TensorBoard.scalars(in: path) == expected)
    }

    @Test(
        "The real tensorboard takes any tag and number",
        .enabled(
            if: TensorBoard.isAvailable,
            "\(Python.skipMessage("tensorboard"))"
        )
    )
    func anyValue() throws {
        let folder = try ScratchFolder()
        let log = try TensorBoardLog(folder: folder.path, afterStep: 0)
        let tag = String(repeating: "λ/", count: 100)
        try log.append([("a", 1e30), (tag, -0.1), ("b", 0)], step: 3_000_000_000)
        let scalars = try TensorBoard.scalars(in: folder.path)
        #expect(scalars[tag] == [TensorBoard.Point(step: 3_000_000_000, value: -0.1)])
        #expect(Set(scalars.keys) == ["a", "b", tag])
    }
}
