import ArgumentParser
import Foundation
import MixupAnalysis
import MixupData
import MixupTraining

extension CalibrationReport.TemperaturePart: ExpressibleByArgument {}

struct AnalyzeCalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "How far a trained run's probabilities can be believed.",
        discussion: """
            Expected calibration error, NLL and Brier's score on the test set; what a temperature \
            changes; how sure the network is between two classes and on noise; and the NLL on mixed \
            test examples against λ at every boundary.
            """
    )

    @Argument(help: ArgumentHelp("The folder of the run.", valueName: "run"))
    var folder: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which checkpoint: last (default), previous, best, or epoch-N.",
            valueName: "name"
        )
    )
    var checkpoint: String?

    @Option(name: .long, help: ArgumentHelp("The bins of confidence.", valueName: "n"))
    var bins = 15

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the temperature is fitted to (default: the hold-out, if the run has one).",
            discussion: "test-half is every second test example; the others judge it then."
        )
    )
    var temperature: CalibrationReport.TemperaturePart?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The inputs off the data, and the test examples that are mixed.",
            valueName: "n"
        )
    )
    var images = 1000

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp("The weights at which examples are mixed.", valueName: "λ,…")
    )
    var lambdas = NumberList(values: (0...10).map { Double($0) / 10 })

    @Option(
        name: .long,
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Other data of the same shape, to see how sure the network is of their test part.",
            valueName: "name-or-path"
        )
    )
    var other: [String] = []

    @Option(name: .long, help: ArgumentHelp("Decides noise and pairs.", valueName: "n"))
    var seed: UInt64 = 0

    @Flag(name: .long, help: "Print JSON: settings, test, tempered, confidences, interpolation.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(bins) else {
            throw ValidationError("--bins must be 1 to 1000000, not \(bins)")
        }
        guard (1...1_000_000).contains(images) else {
            throw ValidationError("--images must be 1 to 1000000, not \(images)")
        }
        if let wrong = lambdas.values.first(where: { !(0...1).contains($0) }) {
            throw ValidationError("--lambdas must be in 0 to 1, not \(wrong)")
        }
    }

    func run() throws {
        let trained = try TrainedModel(run: folder, checkpoint: checkpoint)
        let settings = CalibrationReport.Settings(
            binCount: bins,
            temperaturePart: temperature,
            inputCount: images,
            lambdas: lambdas.values,
            seed: seed
        )
        let directory = trained.recipe.data.directory
        let report = try trained.model.calibrationReport(
            on: trained.data,
            settings,
            other: other.isEmpty ? nil : DataSource.load(other, dataDirectory: directory).test,
            precision: trained.recipe.training.precision
        )
        print(json ? try report.json() : report.text(count: trained.data.test.count))
    }
}

extension CalibrationReport {
    /// The tables, one below the other.
    fileprivate func text(count: Int) -> String {
        """
        \(summary.text)
        \(temperatureNote)

        Test examples in bins of confidence
        \(reliability.text)
        How sure the network is
        \(sureness.text)
        NLL on \(min(settings.inputCount, count)) test examples mixed with weight λ
        \(curves.text)
        The paper reports NLL only: on CIFAR-10 with PreActResNet-18 0.190 without mixup, 0.186 with
        input mixup, 0.137 with Manifold Mixup (Table 1). It has no calibration error.
        """
    }

    private var summary: Table {
        var table = Table([
            Table.Column("test examples"), Table.Column("error %", .right),
            Table.Column("NLL", .right), Table.Column("Brier", .right),
            Table.Column("ECE %", .right), Table.Column("equal mass %", .right),
            Table.Column("mean confidence %", .right),
        ])
        func append(_ name: String, _ part: Calibration) {
            table.append([
                "\(name) (\(part.count))", part.error.inPercent,
                part.negativeLogLikelihood.fourDigits, part.brierScore.fourDigits,
                part.equalWidth.expectedCalibrationError.inPercent,
                part.equalMass.expectedCalibrationError.inPercent, part.meanConfidence.inPercent,
            ])
        }
        append("all", test)
        if let tempered {
            if tempered.fittedTo == .testHalf { append("other half", tempered.before) }
            append("with temperature", tempered.after)
        }
        return table
    }

    private var temperatureNote: String {
        guard let tempered else {
            return "No temperature: the run has no hold-out to fit it to (--temperature test-half)."
        }
        return String(format: "Temperature %.4f", tempered.temperature)
            + ", fitted to \(tempered.fittedCount) examples (\(tempered.fittedTo.rawValue))."
    }

    private var reliability: Table {
        var table = Table([
            Table.Column("confidence"), Table.Column("examples", .right),
            Table.Column("mean confidence %", .right), Table.Column("accuracy %", .right),
        ])
        for bin in test.equalWidth.bins where bin.count > 0 {
            table.append([
                String(format: "%.3f to %.3f", bin.lower, bin.upper), "\(bin.count)",
                bin.confidence?.inPercent ?? "", bin.accuracy?.inPercent ?? "",
            ])
        }
        return table
    }

    private var sureness: Table {
        var table = Table([
            Table.Column("inputs"), Table.Column("number", .right),
            Table.Column("mean confidence %", .right), Table.Column("mean entropy", .right),
        ])
        for histogram in confidences {
            table.append([
                histogram.source, "\(histogram.count)", histogram.meanConfidence.inPercent,
                histogram.meanEntropy.fourDigits,
            ])
        }
        return table
    }

    private var curves: Table {
        let boundaries = interpolation.map { Table.Column("boundary \($0.boundary)", .right) }
        var table = Table([Table.Column("λ", .right)] + boundaries)
        for (index, lambda) in settings.lambdas.enumerated() {
            table.append(
                ["\(lambda)"]
                    + interpolation.map { $0.points[index].negativeLogLikelihood.fourDigits }
            )
        }
        return table
    }
}
