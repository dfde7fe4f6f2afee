import ArgumentParser
import MixupAnalysis
import MixupTraining

extension DeformationOptions.Sense: ExpressibleByArgument {}
extension DeformationOptions.Interpolation: ExpressibleByArgument {}
extension DeformationOptions.Fill: ExpressibleByArgument {}

/// A deformation as "rotation=30".
struct NamedDeformation: ExpressibleByArgument {
    let kind: Deformation.Kind
    let amount: Double

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false).map(
            String.init
        )
        guard parts.count == 2, let kind = Deformation.Kind(rawValue: parts[0]),
            let amount = Double(parts[1])
        else { return nil }
        self.kind = kind
        self.amount = amount
    }
}

struct AnalyzeDeformCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deform",
        abstract: "Evaluate a trained run on rotated, sheared and zoomed test images.",
        discussion: """
            The 17 deformations of the paper's Tables 4 and 9, which the training has not seen. The \
            usual settings are those of the authors' code; --fill black is what the paper says.

            The senses differ in the centre, which is one pixel off in the authors' code, in what a \
            shear is, and in the zoom: 60 % enlarges in the authors' sense and shrinks in \
            torchvision's.
            """
    )

    @OptionGroup var measured: MeasuredRun

    @Option(
        name: .long,
        help: ArgumentHelp(
            "One of your own, any number of times, for example rotation=30 (default: the 17).",
            discussion: "rotation and shear in 0 to 180 degrees, zoom in 1 to 1000 percent.",
            valueName: "kind=amount"
        )
    )
    var deformation: [NamedDeformation] = []

    @Option(name: .long, help: "What rotation, shear and zoom mean.")
    var sense: DeformationOptions.Sense = .authors

    @Option(name: .long, help: "What a value between pixels is.")
    var interpolation: DeformationOptions.Interpolation = .nearest

    @Option(name: .long, help: "What is put where an image has nothing.")
    var fill: DeformationOptions.Fill = .mean

    @Option(name: .long, help: ArgumentHelp("Decides the images' angles.", valueName: "n"))
    var seed: UInt64 = 0

    @Flag(name: .long, help: "Print JSON: options, clean, rows of deformation and score.")
    var json = false

    func validate() throws {
        do { _ = try deformations } catch { throw ValidationError("\(error)") }
    }

    private var deformations: [Deformation] {
        get throws {
            deformation.isEmpty
                ? Deformation.paper : try deformation.map { try Deformation($0.kind, $0.amount) }
        }
    }

    func run() throws {
        let (trained, examples) = try measured.load()
        let result = try trained.model.deformationScores(
            for: deformations,
            on: examples,
            DeformationOptions(sense: sense, interpolation: interpolation, fill: fill, seed: seed),
            precision: trained.recipe.training.precision
        )
        print(json ? try result.json() : result.text)
    }
}

extension DeformationScores {
    /// A row for the images as they are, and one for each deformation beside the paper's.
    fileprivate var text: String {
        var table = Table([
            Table.Column("images"), Table.Column("accuracy %", .right), Table.Column("NLL", .right),
            Table.Column("paper: none", .right), Table.Column("input α=1", .right),
            Table.Column("input α=2", .right), Table.Column("manifold α=2", .right),
        ])
        func append(_ name: String, _ score: Score, _ paper: PaperDeformationAccuracies?) {
            let others = paper.map {
                [$0.noMixup, $0.inputMixup, $0.inputMixupAlpha2, $0.manifoldMixup].map {
                    ($0 / 100).inPercent
                }
            }
            table.append(
                [name, score.accuracy.inPercent, score.negativeLogLikelihood.fourDigits]
                    + (others ?? [])
            )
        }
        append("as they are", clean, nil)
        for row in rows {
            // Only a rotation is the same in both senses.
            let isComparable = options.sense == .authors || row.deformation.kind == .rotation
            append(
                row.deformation.description,
                row.score,
                isComparable ? row.deformation.paperAccuracies : nil
            )
        }
        return """
            \(dataset), \(clean.count) examples, in the sense of \(options.sense.rawValue), \
            \(options.interpolation.rawValue), filled with \(options.fill.rawValue)

            \(table.text)
            The paper's accuracies (Tables 4 and 9) are those of other networks: PreActResNet-34 on
            CIFAR-100.
            """
    }
}
