import ArgumentParser
import Foundation
import ManifoldMixup
import MixupAnalysis
import MixupTraining

extension Attack.Units: ExpressibleByArgument {}

struct AnalyzeAttackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attack",
        abstract: "Attack a trained run with FGSM or PGD.",
        discussion: """
            One step is FGSM, several are PGD, projected onto the ball of radius ε in the maximum \
            norm. The network is attacked as it is evaluated.

            The paper does not print its ε. Its authors' code has 0.03 on the normalised input, \
            not clamped, and the gradient of their binary cross entropy (--loss paper-bce).

              analyze attack RUN --epsilons 0,0.03 --loss paper-bce       the authors' FGSM
              analyze attack RUN --units pixels --epsilons 8 --steps 10   the usual PGD
              analyze attack RUN --epsilons inf                           without any bound
            """
    )

    /// The ways to name a loss.
    enum Loss: String, ExpressibleByArgument, CaseIterable {
        case ce, bce
        case softCrossEntropy = "soft-cross-entropy"
        case paperBinaryCrossEntropy = "paper-bce"

        var loss: MixupLoss {
            self == .ce || self == .softCrossEntropy ? .softCrossEntropy : .paperBinaryCrossEntropy
        }
    }

    @OptionGroup var measured: MeasuredRun

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "The radii, inf for none (default: 0.01,0.03,0.1, or 2,4,8 in pixels).",
            valueName: "ε,…"
        )
    )
    var epsilons: NumberList<Double>?

    @Option(
        name: .long,
        help: "Units of ε and step: of the normalised input, or of a pixel's 255 levels, clamped."
    )
    var units: Attack.Units = .normalised

    @Option(
        name: .long,
        help: ArgumentHelp("The number of steps (default: 1, without a bound 200).", valueName: "n")
    )
    var steps: Int?

    @Option(
        name: .long,
        parsing: .unconditional,
        help: ArgumentHelp(
            "The length of a step (default: 2.5 ε / steps, at most ε).",
            discussion: "Without a bound it is 0.01, or 1 in pixels.",
            valueName: "s"
        )
    )
    var stepSize: Double?

    @Option(
        name: .long,
        help: "The loss whose gradient is followed: cross entropy or the authors'."
    )
    var loss: Loss = .ce

    @Option(
        name: .long,
        help: ArgumentHelp("Start from random points of the ball.", valueName: "seed")
    )
    var startSeed: UInt64?

    @Flag(name: .long, help: "Print JSON: clean, rows of attack, score, flipped.")
    var json = false

    func validate() throws {
        for attack in attacks {
            do { try attack.check() } catch { throw ValidationError("\(error)") }
        }
    }

    func run() throws {
        let (trained, examples) = try measured.load()
        let result = try trained.model.robustness(
            to: attacks,
            on: examples,
            precision: trained.recipe.training.precision
        )
        print(json ? try result.json() : result.text)
    }

    private var attacks: [Attack] {
        let usual = units == .pixels ? [2, 4, 8] : [0.01, 0.03, 0.1]
        return (epsilons?.values ?? usual).map { epsilon in
            guard epsilon == .infinity else {
                return .projectedGradient(
                    epsilon: epsilon,
                    steps: steps ?? 1,
                    stepSize: stepSize,
                    units: units,
                    loss: loss.loss,
                    startSeed: startSeed
                )
            }
            var attack = Attack.unbounded(
                steps: steps ?? 200,
                stepSize: stepSize ?? (units == .pixels ? 1 : 0.01),
                units: units,
                loss: loss.loss
            )
            attack.startSeed = startSeed
            return attack
        }
    }
}

extension Robustness {
    /// A row for the examples as they are, and one for each attack.
    fileprivate var text: String {
        var table = Table([
            Table.Column("attack"), Table.Column("ε", .right), Table.Column("step", .right),
            Table.Column("error %", .right), Table.Column("accuracy %", .right),
            Table.Column("NLL", .right), Table.Column("flipped %", .right),
        ])
        func append(_ start: [String], _ score: Score, _ flipped: Double) {
            table.append(
                start + [
                    score.error.inPercent, score.accuracy.inPercent,
                    score.negativeLogLikelihood.fourDigits, flipped.inPercent,
                ]
            )
        }
        append(["none", "", ""], clean, 0)
        for row in rows {
            let attack = row.attack
            let radius = attack.epsilon.map { "\($0)" } ?? "inf"
            append(
                [attack.name, radius, String(format: "%.4g", attack.stepSize)],
                row.score,
                row.flipped
            )
        }
        let units =
            rows.first?.attack.units == .pixels
            ? "levels of 255, clamped to valid pixels" : "the normalised input, not clamped"
        return """
            \(dataset), \(clean.count) examples, ε in \(units)

            \(table.text)
            flipped: the share of examples whose predicted class changed.
            The paper's accuracy under FGSM (Table 7, ε not printed, other networks than this one):
                         no mixup   input mixup   manifold mixup
              CIFAR-10    36.32 %       71.51 %          77.50 %
              CIFAR-100                 40.70 %          44.96 %
              SVHN        21.49 %       56.98 %          65.91 %
            200 unbounded steps of 0.01 left it 1 % with input mixup and 0 % with Manifold Mixup.
            """
    }
}
