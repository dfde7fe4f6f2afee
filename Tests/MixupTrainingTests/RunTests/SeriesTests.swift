import Foundation
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Series of trainings")
struct SeriesTests {
    private func recipe() -> Recipe {
        var recipe = Recipe()
        recipe.model.widths = [8]
        recipe.training.epochs = 2
        recipe.training.batchSize = 300
        recipe.training.threads = 1
        recipe.training.seed = 3
        return recipe
    }

    /// Stops a series at the n-th question; it asks before each training and after each step.
    private final class Stop {
        private var questions: Int
        init(at number: Int) { questions = number }
        func isDue() -> Bool {
            questions -= 1
            return questions <= 0
        }
    }

    private static let methods: [Recipe.Method.Name] = [.noMixup, .inputMixup, .manifoldMixup]

    @Test("Each method keeps its own α and layers, each seed its own result")
    func methods() throws {
        let data = try Digits.load()
        var mixups: [Int: Mixup] = [:]
        let series = try Series(recipe(), methods: Self.methods, seeds: 2)
        let result = try #require(
            try series.run(
                data: data,
                onStep: { number, trainer, _ in mixups[number] = trainer.settings.mixup as? Mixup }
            )
        )
        #expect(result.methods == Self.methods)
        #expect(mixups[0] == nil)
        #expect(mixups[2]?.distribution.alpha == 1)
        #expect(mixups[2]?.eligibleLayers?.layers == [0])
        #expect(mixups[4]?.distribution.alpha == 2)
        #expect(mixups[4]?.eligibleLayers?.layers == [0, 1])
        #expect(result.runs.map(\.seed) == [3, 4, 3, 4, 3, 4])
        #expect(Set(result.runs.map(\.figures.last.negativeLogLikelihood)).count == 6)

        var overrides = RecipeOverrides()
        overrides.method = .inputMixup
        overrides.seed = 4
        let trainer = try recipe().applying(overrides).makeTrainer(data: data)
        try trainer.run()
        let alone = try trainer.model.evaluate(on: data.test)
        #expect(result.runs[3].figures.last.error == alone.error)
        #expect(result.runs[3].figures.last.negativeLogLikelihood == alone.negativeLogLikelihood)
    }

    @Test("In a folder every training is a run, with the figures that it has without one")
    func folder() throws {
        let folder = try ScratchFolder()
        let data = try Digits.load()
        let series = try Series(recipe(), methods: [.noMixup, .manifoldMixup], seeds: 2)
        let written = try #require(try series.run(in: folder.path("a/b"), data: data))
        let unwritten = try #require(try series.run(data: data))
        #expect(written.runs.map(\.figures) == unwritten.runs.map(\.figures))
        for (member, run) in zip(series.members, written.runs) {
            let directory = try RunDirectory.open(folder.path("a/b/" + member.name))
            #expect(directory.figures() == run.figures)
            #expect(try directory.recipe() == member.recipe)
            #expect(run.seconds > 0)
        }
        let table = try folder.text("a/b/summary.csv")
        #expect(table == written.csv)
        let lines = table.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(
            lines[0].joined(separator: " ")
                == "run method seed epochs best_epoch best_error best_nll last_error last_nll "
                + "mean_of_last_ten_error mean_of_last_ten_nll seconds"
        )
        #expect(
            lines.dropFirst().map { $0[0] }
                == ["none/seed-3", "none/seed-4", "manifold-mixup/seed-3", "manifold-mixup/seed-4"]
        )
        #expect(
            lines.dropFirst().map { $0[1] } == ["none", "none"]
                + Array(repeating: "manifold-mixup", count: 2)
        )
        #expect(lines.dropFirst().map { $0[2] } == ["3", "4", "3", "4"])
        for (line, run) in zip(lines.dropFirst(), written.runs) {
            #expect(Double(line[7]) == run.figures.last.error)
            #expect(Double(line[10]) == run.figures.meanOfLastTen.negativeLogLikelihood)
        }
    }

    @Test("A series that was stopped goes on: what is finished is left, the rest is the same")
    func goesOn() throws {
        let folder = try ScratchFolder()
        let data = try Digits.load()
        let series = try Series(recipe(), seeds: 3)
        let whole = try #require(try series.run(in: folder.path("whole"), data: data))
        // A training has ten steps: stopped in the first one, and in the second.
        let path = folder.path("stopped")
        for (question, finished) in [(5, 0), (13, 1)] {
            let stop = Stop(at: question)
            #expect(try series.run(in: path, data: data, shouldStop: stop.isDue) == nil)
            let lines = try folder.text("stopped/summary.csv").split(separator: "\n")
            #expect(lines.count == 1 + finished)
        }
        let environment = try folder.text("stopped/seed-3/environment.json")
        // What a killed process leaves of the table.
        let partial = ".summary.csv.\(getpid())-1f.partial"
        try folder.write("half", "stopped/" + partial)
        var trained: Set<Int> = []
        var ends: [Bool] = []
        let result = try #require(
            try series.run(
                in: path,
                data: data,
                onStep: { number, _, _ in trained.insert(number) },
                onEnd: { _, _, isNew in ends.append(isNew) }
            )
        )
        #expect(trained == [1, 2])
        #expect(try !folder.names(in: "stopped").contains(partial))
        #expect(ends == [false, true, true])
        #expect(result.runs.map(\.figures) == whole.runs.map(\.figures))
        #expect(try folder.text("stopped/seed-3/environment.json") == environment)

        // More seeds in the same folder train only these.
        trained = []
        let more = try #require(
            try Series(recipe(), seeds: 4).run(
                in: path,
                data: data,
                onStep: { number, _, _ in trained.insert(number) }
            )
        )
        #expect(trained == [3])
        #expect(more.runs.prefix(3).map(\.figures) == whole.runs.map(\.figures))
    }

    @Test("A series that is asked to stop and has no folder keeps nothing")
    func stop() throws {
        let series = try Series(recipe(), methods: [.noMixup], seeds: 1)
        #expect(try series.run(data: Digits.load(), shouldStop: { true }) == nil)
    }

    @Test("Runs of another recipe are refused before anything is trained")
    func otherRecipe() throws {
        let folder = try ScratchFolder()
        let data = try Digits.load()
        let path = folder.path("series")
        _ = try Series(recipe(), seeds: 2).run(in: path, data: data)
        let table = try folder.text("series/summary.csv")
        var longer = recipe()
        longer.training.epochs = 5
        let error = #expect(throws: SeriesError.self) {
            try Series(longer, seeds: 3).run(
                in: path,
                data: data,
                onStep: { _, _, _ in
                    Issue.record("it trains")
                }
            )
        }
        #expect(
            error
                == .otherRecipe(
                    recipe: path + "/seed-3/recipe.yaml",
                    setting: "training.epochs",
                    there: "2",
                    here: "5"
                )
        )
        #expect(error?.description.hasLineBreak == false)
        #expect(try folder.names(in: "series").filter { $0.hasPrefix("seed") }.count == 2)
        #expect(try folder.text("series/summary.csv") == table)
    }

    @Test("Every setting that differs is found by its key")
    func differences() throws {
        let base = Recipe()
        #expect(base.difference(from: base) == nil)
        var changed = Recipe()
        changed.loss = .paperBinaryCrossEntropy
        #expect(base.difference(from: changed)?.setting == "loss")
        changed = Recipe()
        changed.data.source = ["a: b.csv", "c\n.csv"]
        #expect(base.difference(from: changed)?.setting == "data.source")
        #expect(base.difference(from: changed)?.own == "[digits]")
        changed = Recipe()
        changed.method = Recipe.Method(name: .noMixup)
        #expect(base.difference(from: changed)?.setting == "method.name")
        changed = Recipe()
        changed.method.alpha = 0.5
        let alpha = try #require(changed.difference(from: base))
        #expect(alpha.setting == "method.alpha")
        #expect(Double(alpha.own) == 0.5)
        #expect(Double(alpha.other) == 2)
    }

    @Test("A folder of something else is refused and left alone")
    func otherFolder() throws {
        let folder = try ScratchFolder()
        let data = try Digits.load()
        let series = try Series(recipe(), seeds: 1)
        func refused(_ name: String) -> (any Error)? {
            #expect(throws: (any Error).self) { try series.run(in: folder.path(name), data: data) }
        }
        try FileManager.default.createDirectory(
            atPath: folder.path("mine"),
            withIntermediateDirectories: false
        )
        try folder.write("text", "mine/notes.txt")
        #expect(refused("mine") as? SeriesError == .notASeries(path: folder.path("mine")))
        #expect(try folder.names(in: "mine") == ["notes.txt"])

        _ = try TrainingRun.start(recipe(), at: folder.path("run")).run()
        let names = try folder.names(in: "run")
        #expect(refused("run") as? SeriesError == .isRun(path: folder.path("run")))
        #expect(try folder.names(in: "run") == names)

        try folder.write("text", "file")
        #expect(refused("file") as? RunDirectoryError == .notAFolder(path: folder.path("file")))
        #expect(refused("file/in") is RunDirectoryError)
    }

    @Test("A training that cannot start is found before the folder is made")
    func nothingMade() throws {
        let folder = try ScratchFolder()
        var impossible = recipe()
        impossible.augmentation.cropPadding = 100
        let series = try Series(impossible, methods: [.noMixup, .manifoldMixup], seeds: 2)
        #expect(throws: DataError.self) {
            try series.run(in: folder.path("series"), data: Digits.load())
        }
        #expect(try folder.names().isEmpty)
    }

    @Test("A training that fails is named")
    func failure() throws {
        var wild = recipe()
        wild.optimizer.learningRate = 1e30
        let error = #expect(throws: SeriesError.self) {
            try Series(wild, methods: [.noMixup], seeds: 2).run(data: Digits.load())
        }
        #expect(error?.description.hasPrefix("none/seed-3: ") == true)
        #expect(error?.description.contains("not") == true)
    }

    @Test("A method that is named twice is trained once, and the largest seed is followed by 0")
    func members() throws {
        let twice = try Series(recipe(), methods: [.noMixup, .inputMixup, .noMixup], seeds: 1)
        #expect(twice.members.map(\.name) == ["none/seed-3", "input-mixup/seed-3"])
        var last = recipe()
        last.training.seed = .max
        let names = try Series(last, seeds: 2).members.map(\.name)
        #expect(names == ["seed-18446744073709551615", "seed-0"])
    }

    @Test("Tables and JSON have mean and standard deviation over the seeds")
    func summaries() throws {
        let result = try #require(
            try Series(recipe(), methods: [.noMixup], seeds: 3).run(data: Digits.load())
        )
        let errors = result.runs.map { 100 * $0.figures.best.error }
        #expect(result.error(.noMixup, .best) == Summary(errors))
        let row = try #require(result.table(.best).rows.first)
        #expect(row[0] == "none")
        #expect(row[1] == Summary(errors).formatted(decimals: 2))
        #expect(row[3] == "3")
        let table = result.table(of: .noMixup)
        #expect(table.rows.map { $0[0] } == ["best", "last", "mean of the last ten"])
        #expect(Array(table.rows[0].dropFirst()) == Array(row.dropFirst()))

        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(result))
        let object = try #require(json as? [String: [[String: Any]]])
        #expect(object["runs"]?.count == 3)
        let last = try #require(object["summary"]?.first?["last"] as? [String: [String: Double]])
        let shares = Summary(result.runs.map(\.figures.last.error))
        let (mean, deviation) = (last["error"]?["mean"], last["error"]?["standard_deviation"])
        #expect(abs(try #require(mean) - shares.mean) < 1e-12)
        #expect(abs(try #require(deviation) - #require(shares.standardDeviation)) < 1e-12)
    }
}
