import Foundation
import ManifoldMixup
import MixupTraining

/// Theorem 1 and Corollary 1 of the paper as a report; see `TheoremCheck`.
public struct TheoremExperiment: Experiment {
    /// "theorem".
    public let name = "theorem"
    /// What is checked.
    public let summary = "Theorem 1 and Corollary 1: predicted and measured, with their fine print."

    /// Creates the experiment.
    public init() {}

    /// Runs the check with every seed; it needs no data.
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        progress: (String) -> Void
    ) throws -> ExperimentResult {
        let seeds = scale.seeds(seeds)
        let checks = try seeds.map { seed in
            let check =
                scale == .smoke
                ? try TheoremCheck.run(examplesPerClass: 20, dimensions: [7, 9, 12], seed: seed)
                : try TheoremCheck.run(seed: seed)
            let agreeing = check.rows.count(where: \.agrees)
            progress("seed \(seed): \(agreeing) of \(check.rows.count) predictions hold")
            return check
        }
        return Self.result(of: checks, scale: scale, seeds: seeds)
    }

    /// The report on checks with one seed each.
    static func result(
        of checks: [TheoremCheck],
        scale: ExperimentScale,
        seeds: [UInt64]
    ) -> ExperimentResult {
        let predictions = Prediction.all(in: checks)
        let failing = predictions.filter { !$0.holds }
        let command = ExperimentResult.command(
            name: "theorem",
            scale: scale,
            seedCount: seeds.count
        )
        return ExperimentResult(
            name: "theorem",
            title: "Theorem 1 and Corollary 1 of Manifold Mixup, checked by numbers",
            summary: """
                With d classes and universal networks before and behind the mixed layer, the loss of \
                mixed examples can be zero as soon as the hidden space has d − 1 dimensions, and the \
                head may be affine (Theorem 1). The examples of one class then vary in dim(H) − d + 1 \
                directions only (Corollary 1): the classes are flattened. Every prediction stands \
                beside what was found.
                """,
            scale: scale,
            seeds: seeds,
            failure: failing.first.map { first in
                "\(failing.count) of \(predictions.count) predictions do not hold, the first: "
                    + "\(first.quantity) with dim(H) = \(first.dimension) (\(first.source.title))"
            },
            sections: [
                verdict(predictions, seeds: seeds.count, command: command),
                pictures(predictions), everything(predictions), finePrint,
            ],
            numbers: checks
        )
    }

    // MARK: - Sections

    private static func verdict(
        _ predictions: [Prediction],
        seeds: Int,
        command: String
    ) -> ReportSection {
        func held(_ matches: (Prediction) -> Bool) -> String {
            let chosen = predictions.filter(matches)
            return "\(chosen.count(where: \.holds)) of \(chosen.count) agree"
        }
        let comparisons = [
            PaperComparison(
                "The loss is zero for dim(H) ≥ d − 1",
                paper: "Theorem 1",
                measured: held { $0.isLoss && $0.predicted == 0 }
            ),
            PaperComparison(
                "The least loss of an affine head for dim(H) < d − 1",
                paper: "not given; in closed form here",
                measured: held { $0.isLoss && $0.predicted > 0 }
            ),
            PaperComparison(
                "A class varies in dim(H) − d + 1 directions, which the head does not see",
                paper: "Corollary 1",
                measured: held { !$0.isLoss }
            ),
        ]
        return ReportSection(
            "Does it hold?",
            tables: [ReportTable(comparisons, seeds: seeds, command: command)]
        )
    }

    private static func pictures(_ predictions: [Prediction]) -> ReportSection {
        func chosen(_ source: TheoremCheck.Source, _ quantity: String) -> [Prediction] {
            predictions.filter { $0.source == source && $0.quantity.hasSuffix(quantity) }
        }
        func dimensions(_ rows: [Prediction]) -> [Double] { rows.map { Double($0.dimension) } }
        let losses = chosen(.optimization, "loss J")
        let ranks = chosen(.optimization, "largest rank of a class")
        let constructed = chosen(.construction, "largest rank of a class")
        let dimension = "dimensions of the hidden space, dim(H)"
        return ReportSection(
            "Loss and flatness over the dimensions of the hidden space",
            charts: [
                Chart(
                    "The least loss that gradient descent finds",
                    caption: """
                        The circles should lie on the line: a straight descent, one step for each \
                        missing dimension, and zero from d − 1 = 9 dimensions on.
                        """,
                    x: ChartAxis(dimension),
                    y: ChartAxis("loss J (squared error)"),
                    shape: .square,
                    layers: [
                        .line(
                            "predicted",
                            x: dimensions(losses),
                            y: losses.map(\.predicted),
                            colour: .sky
                        ),
                        .scatter(
                            "free embeddings, affine head",
                            x: dimensions(losses),
                            y: losses.map(\.measured),
                            colour: .red,
                            size: 9
                        ),
                    ]
                ),
                Chart(
                    "The directions in which a class varies",
                    caption: """
                        The marks should lie on the line dim(H) − d + 1: a class is a point in 9 \
                        dimensions, a line in 10, and so on.
                        """,
                    x: ChartAxis(dimension),
                    y: ChartAxis("rank of a class (directions)"),
                    shape: .square,
                    layers: [
                        .line(
                            "predicted",
                            x: dimensions(ranks),
                            y: ranks.map(\.predicted),
                            colour: .sky
                        ),
                        .scatter(
                            "the proof's construction",
                            x: dimensions(constructed),
                            y: constructed.map(\.measured),
                            colour: .black,
                            size: 13
                        ),
                        .scatter(
                            "free embeddings, affine head",
                            x: dimensions(ranks),
                            y: ranks.map(\.measured),
                            colour: .red,
                            size: 8
                        ),
                    ]
                ),
            ]
        )
    }

    private static func everything(_ predictions: [Prediction]) -> ReportSection {
        var table = Table([
            Table.Column("found by"), Table.Column("dim(H)", .right), Table.Column("quantity"),
            Table.Column("predicted", .right), Table.Column("measured", .right),
            Table.Column("largest difference", .right), Table.Column("allowed", .right),
            Table.Column("agrees"),
        ])
        for row in predictions {
            table.append([
                row.source.title, "\(row.dimension)", row.quantity, text(row.predicted),
                text(row.measured), text(row.difference), text(row.tolerance),
                row.agreeing == row.seeds ? "yes" : "in \(row.agreeing) of \(row.seeds) seeds",
            ])
        }
        return ReportSection(
            "Every prediction",
            tables: [
                ReportTable(
                    "predictions",
                    title: "Predicted and measured",
                    caption: """
                        Measured is the mean over the seeds; the difference is the largest of any \
                        seed, and what is allowed of it is put down to rounding and to a descent \
                        that is not finished.
                        """,
                    table
                )
            ]
        )
    }

    private static let finePrint = ReportSection(
        "Fine print",
        notes: [
            """
            A loss of zero needs a loss with ℓ(u, u) = 0. Cross entropy and binary cross entropy of \
            mixed targets have the entropy of the targets as their floor; the check uses squared \
            error.
            """,
            """
            The head is affine in probabilities. Behind a softmax it would have to be the logarithm \
            of an affine function.
            """,
            """
            The corollary speaks of minimisers with an affine head. With an arbitrary head and three \
            or more dimensions, the segments between hidden states do not cross, and a zero loss is \
            possible without any flattening.
            """,
            """
            Below d − 1 dimensions only the affine head has a positive least loss: \
            (d − 1 − dim(H)) · (2E[λ²]/d − 2E[λ(1 − λ)]/(d(n − 1))) for n examples in equal classes.
            """,
        ]
    )

    private static func text(_ number: Double) -> String { String(format: "%.4g", number) }
}

/// One prediction with what all seeds found.
private struct Prediction {
    let source: TheoremCheck.Source
    let dimension: Int
    let quantity: String
    let predicted: Double
    let tolerance: Double
    /// The mean over the seeds.
    let measured: Double
    /// The largest over the seeds.
    let difference: Double
    let agreeing: Int
    let seeds: Int

    var holds: Bool { agreeing == seeds }
    var isLoss: Bool { quantity == "loss J" }

    /// The checks have the same rows in the same order.
    static func all(in checks: [TheoremCheck]) -> [Prediction] {
        guard let first = checks.first else { return [] }
        return first.rows.indices.map { index in
            let rows = checks.map { $0.rows[index] }
            return Prediction(
                source: rows[0].source,
                dimension: rows[0].dimension,
                quantity: rows[0].quantity,
                predicted: rows[0].predicted,
                tolerance: rows[0].tolerance,
                measured: Summary(rows.map(\.measured)).mean,
                difference: rows.map { abs($0.predicted - $0.measured) }.max() ?? .nan,
                agreeing: rows.count(where: \.agrees),
                seeds: rows.count
            )
        }
    }
}

extension TheoremCheck.Source {
    fileprivate var title: String {
        switch self {
        case .construction: "the proof's construction"
        case .optimization: "gradient descent on free embeddings"
        case .network: "a small network with 4 classes"
        }
    }
}
