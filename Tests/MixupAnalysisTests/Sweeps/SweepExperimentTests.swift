import Foundation
import ManifoldMixup
import MixupData
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("Sweeps")
struct SweepExperimentTests {
    private static let all = [
        SweepExperiment.layers, SweepExperiment.alpha, SweepExperiment.blocking,
    ]

    /// The numbers of a report, without what differs from run to run.
    private func numbers(_ result: ExperimentResult) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(result.numbers), as: UTF8.self)
        return text.replacing(/"seconds":[0-9.e+-]+/, with: "")
    }

    private func run(
        _ experiment: SweepExperiment,
        seeds: Int? = nil,
        folder: String? = nil,
        shouldStop: () -> Bool = { false },
        progress: (String) -> Void = { _ in }
    ) throws -> ExperimentResult? {
        try experiment.run(
            scale: .smoke,
            seeds: seeds,
            dataDirectory: nil,
            folder: folder,
            shouldStop: shouldStop,
            progress: progress
        )
    }

    @Test("Table 5 has ten sets S at α = 2, Table 6 six α for two methods, and each has a baseline")
    func variants() throws {
        let layers = SweepExperiment.layers.variants
        #expect(layers.count == 10)
        #expect(layers.filter { !$0.isBaseline }.allSatisfy { $0.method.alpha == 2 })
        #expect(layers.first?.title == "{0, 1, 2}" && layers.first?.paper["cifar-10"] == 97.23)
        #expect(layers.last?.title == "{}" && layers.last?.method.name == .noMixup)
        #expect(layers.allSatisfy { $0.paper.count == 2 })
        let alpha = SweepExperiment.alpha.variants
        #expect(alpha.filter { $0.method.name == .inputMixup }.count == 6)
        #expect(alpha.filter { $0.method.name == .manifoldMixup }.count == 6)
        #expect(
            alpha.last?.paper["cifar-10"] == layers.first?.paper["cifar-10"],
            "α = 2 and S = {0, 1, 2} stand in both tables"
        )
        for experiment in Self.all {
            let names = experiment.variants.map(\.name)
            #expect(Set(names).count == names.count)
            #expect(experiment.variants.filter(\.isBaseline).count == 1)
        }
    }

    @Test("Only the blocked variant blocks gradients, and differs in nothing else")
    func blocking() throws {
        let variants = SweepExperiment.blocking.variants
        let blocked = try #require(variants.first { $0.method.blockGradients })
        let free = try #require(variants.first { $0.name == "manifold-mixup" })
        var method = blocked.method
        method.blockGradients = false
        #expect(method == free.method)
        #expect(variants.filter { $0.method.blockGradients }.count == 1)
    }

    @Test("The paper's protocol takes every variant, with the paper's epochs")
    func paperProtocol() throws {
        for experiment in Self.all {
            for dataset in experiment.paperDatasets {
                var recipe = try SweepProtocol.paperRecipe(
                    dataset,
                    epochs: experiment.paperEpochs,
                    milestones: experiment.paperMilestones
                )
                #expect(recipe.model.name == .preActResNet18 && recipe.model.width == 64)
                #expect(recipe.data.source == [dataset] && recipe.data.perClass == nil)
                #expect(recipe.training.epochs == experiment.paperEpochs)
                #expect(recipe.schedule.milestones == experiment.paperMilestones)
                #expect(recipe.loss == .paperBinaryCrossEntropy)
                for variant in experiment.variants {
                    recipe.method = variant.method
                    try recipe.validate()
                }
            }
        }
        #expect(SweepExperiment.layers.paperDatasets == ["cifar-10", "cifar-100"])
        #expect(SweepExperiment.layers.paperEpochs == 2000)
        #expect(SweepExperiment.blocking.paperEpochs == 1200)
    }

    @Test("A missing data set is an error at scale paper, and gives way to the digits at quick")
    func missingData() throws {
        let scratch = try ReportScratch()
        let found = try? DataSource.load(["cifar-10"], dataDirectory: scratch.path)
        guard found == nil else { return }
        let error = #expect(throws: DataError.self) {
            try SweepExperiment.layers.run(
                scale: .paper,
                seeds: 1,
                dataDirectory: scratch.path,
                progress: { _ in Issue.record("it trains") }
            )
        }
        #expect(error?.description.contains("cifar-10 was not found") == true)
        let quick = try SweepProtocol.quick(dataDirectory: scratch.path)
        #expect(quick.dataset == "digits")
        #expect(quick.notes.contains { $0.contains("CIFAR-10 was not found") })

        // Damaged files are no missing ones.
        _ = try scratch.file("cifar-10-batches-bin/data_batch_1.bin", "short")
        #expect(throws: DataError.self) { try SweepProtocol.quick(dataDirectory: scratch.path) }
    }

    @Test("A report has every variant, with the paper's figure beside the measured one")
    func report() throws {
        var lines: [String] = []
        let result = try #require(
            try run(SweepExperiment.layers, seeds: 2, progress: { lines.append($0) })
        )
        #expect(lines.count == 21 && lines[0].hasPrefix("20 trainings of"))
        let tables = result.sections.flatMap(\.tables)
        let paper = try #require(tables.first { $0.name == "paper" }?.table)
        for variant in SweepExperiment.layers.variants {
            let row = try #require(paper.rows.first { $0[0].hasSuffix(", \(variant.title)") })
            #expect(Double(row[1]) == variant.paper["cifar-10"])
            #expect(row[2].contains("±"))
            #expect(row[4] == "manifold-mixup reproduce layers --scale smoke --seeds 2")
        }
        #expect(paper.rows.contains { $0[0].contains("{0, 1} over {1}") && $0[1] == "+0.84" })
        let measured = try #require(tables.first { $0.name == "results-digits" }?.table)
        #expect(measured.rows.map { $0[0] } == SweepExperiment.layers.variants.map(\.title))
        #expect(measured.rows.last?[2] == "" && measured.rows.first?[2].contains("±") == true)
        let charts = result.sections.flatMap(\.charts)
        #expect(charts.count == 2)
        #expect(charts.allSatisfy { !$0.caption.isEmpty && !$0.x.title.isEmpty })
    }

    @Test("Equal methods in two sweeps come out equal, and seeds do not")
    func reproducible() throws {
        let alpha = try #require(try run(SweepExperiment.alpha))
        let blocking = try #require(try run(SweepExperiment.blocking, seeds: 2))
        func cell(_ result: ExperimentResult, _ title: String) throws -> [String] {
            let table = result.sections.flatMap(\.tables).first { $0.name == "results-digits" }
            return try #require(table?.table.rows.first { $0[0] == title })
        }
        #expect(
            try cell(alpha, "no mixing")[1] != cell(blocking, "no mixing")[1],
            "one seed has no spread"
        )
        let one = try #require(try run(SweepExperiment.blocking, seeds: 1))
        #expect(try cell(alpha, "no mixing") == cell(one, "no mixing"))
        #expect(
            try cell(alpha, "Manifold Mixup, α = 2.0").dropFirst()
                == cell(one, "Manifold Mixup").dropFirst()
        )
    }

    @Test("A sweep that was stopped goes on in its folder, and ends with the same numbers")
    func goesOn() throws {
        let scratch = try ReportScratch()
        let whole = try #require(try run(SweepExperiment.blocking))
        var questions = 0
        let stopped = try run(
            SweepExperiment.blocking,
            folder: scratch.path + "/runs",
            shouldStop: {
                questions += 1
                return questions > 250
            }
        )
        #expect(stopped == nil)
        #expect(try scratch.names().contains("runs/digits/none/seed-1/figures.json"))
        #expect(try !scratch.names().contains("runs/digits/manifold-mixup/seed-1"))
        var lines: [String] = []
        let resumed = try #require(
            try run(
                SweepExperiment.blocking,
                folder: scratch.path + "/runs",
                progress: { lines.append($0) }
            )
        )
        #expect(
            lines.contains { $0.hasPrefix("1/4 none/seed-1") && $0.hasSuffix("trained before") }
        )
        #expect(try numbers(resumed) == numbers(whole))
        #expect(resumed.sections == whole.sections)

        // The report beside the runs replaces an earlier report, and leaves them alone.
        let names = try scratch.names()
        try ReportFolder(scratch.path).write(resumed, library: nil)
        try ReportFolder(scratch.path).write(resumed, library: nil)
        let written = try scratch.names()
        #expect(Set(written).isSuperset(of: names + ["report.html", "numbers.json", "tables"]))
    }
}

@Suite("Spearman's rank correlation")
struct RankCorrelationTests {
    @Test("It is 1 for the same order, −1 for the reverse, and does not see the distances")
    func ends() throws {
        let one = [1.0, 5, 2, 9]
        #expect(RankCorrelation.spearman(one, [10, 30, 20, 1000]) == 1)
        #expect(RankCorrelation.spearman(one, one.map { -$0 }) == -1)
    }

    @Test("Without ties it is 1 − 6 Σd² / (n³ − n); equals share their rank")
    func closedForm() throws {
        let value = try #require(RankCorrelation.spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]))
        #expect(abs(value - (1 - 6.0 * 4 / 120)) < 1e-12)
        // Ranks 1.5, 1.5, 3 against 1, 2, 3: covariance 1.5, variances 1.5 and 2.
        let tied = try #require(RankCorrelation.spearman([4, 4, 7], [1, 2, 3]))
        #expect(abs(tied - 1.5 / (1.5 * 2.0).squareRoot()) < 1e-12)
    }

    @Test("There is none where one has no order")
    func none() {
        #expect(RankCorrelation.spearman([1, 1], [1, 2]) == nil)
        #expect(RankCorrelation.spearman([1], [1]) == nil)
        #expect(RankCorrelation.spearman([1, 2], [1]) == nil)
    }
}
