import ArgumentParser
import MixupAnalysis
import MixupTraining

struct AnalyzeSpectrumCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spectrum",
        abstract: "The singular values of a trained run's hidden states, class by class.",
        discussion: """
            A class is flattened where its largest singular value is far above the sum of all \
            others. The paper compares these two on MNIST (section 3.2), and its figures suggest \
            states as they are (uncentred), of which the largest value is about that of the mean \
            state; centred values are those of the deviations from it.
            """
    )

    @OptionGroup var measured: MeasuredRun

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where: 0 for the input, 1, 2, … for the model's sites.",
            valueName: "k"
        )
    )
    var boundary = 1

    @Flag(
        name: .long,
        help: "Divide the values by the root of the number of examples that they are of."
    )
    var perRootCount = false

    @Flag(name: .long, help: "Print JSON, with all singular values.")
    var json = false

    func run() throws {
        let (trained, examples) = try measured.load()
        let report = try trained.model.spectrumReport(
            at: boundary,
            on: examples,
            isDividedByRootOfCount: perRootCount,
            precision: trained.recipe.training.precision
        )
        print(json ? try report.json() : report.text)
    }
}

extension SpectrumReport {
    /// A row for each class, their mean, and what is measured over all classes.
    fileprivate var text: String {
        let titles = ["largest", "sum of others", "effective rank"]
        var table = Table(
            [Table.Column("class"), Table.Column("examples", .right)]
                + (titles + titles.map { "centred: \($0)" }).map { Table.Column($0, .right) }
        )
        func cells(_ spectrum: Spectrum) -> [String] {
            [spectrum.largest, spectrum.sumOfOthers, spectrum.effectiveRank].map(\.twoDigits)
        }
        func append(_ name: String, _ count: String, _ pair: Pair) {
            table.append([name, count] + cells(pair.uncentred) + cells(pair.centred))
        }
        for row in classes { append(row.name, "\(row.count)", row.spectra) }
        let numbers: [(Spectrum) -> Double] = [\.largest, \.sumOfOthers, \.effectiveRank]
        table.append(
            ["mean of the classes", ""]
                + numbers.map { number in classMean { number($0.uncentred) }.twoDigits }
                + numbers.map { number in classMean { number($0.centred) }.twoDigits }
        )
        append("all together", "\(count)", all)
        table.append(["between the classes", "", "", "", ""] + cells(betweenClasses))
        let unit = isDividedByRootOfCount ? ", divided by the root of their number" : ""
        return """
            \(dataset), \(count) examples\(unit), boundary \(boundary) with \(dimensions) dimensions

            \(table.text)
            """
    }
}
