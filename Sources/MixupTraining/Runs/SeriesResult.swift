/// The results of a series of trainings.
public struct SeriesResult: Sendable, Encodable {
    /// The result of one training.
    public struct Run: Sendable, Codable {
        /// The folder of its run, within that of the series.
        public let name: String
        /// The method.
        public let method: Recipe.Method.Name
        /// The seed.
        public let seed: UInt64
        /// The last epoch that was evaluated.
        public let epochs: Int
        /// The wall-clock time of training and evaluation.
        public let seconds: Double
        /// What is reported.
        public let figures: RunFigures

        init(_ member: Series.Member, figures: RunFigures, seconds: Double) {
            name = member.name
            method = member.recipe.method.name
            seed = member.recipe.training.seed
            epochs = figures.last.epochs.last ?? 0
            self.seconds = seconds
            self.figures = figures
        }
    }

    /// The trainings in order.
    public private(set) var runs: [Run] = []

    /// The results of no training.
    init() {}

    mutating func append(_ run: Run) {
        runs.append(run)
    }

    /// The methods, each once, in order.
    public var methods: [Recipe.Method.Name] {
        runs.map(\.method).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Test errors in percent over the seeds of a method.
    public func error(_ method: Recipe.Method.Name, _ kind: RunFigures.Kind) -> Summary {
        Summary(runs.filter { $0.method == method }.map { 100 * $0.figures[kind].error })
    }

    /// Test negative log likelihoods over the seeds of a method.
    public func negativeLogLikelihood(
        _ method: Recipe.Method.Name,
        _ kind: RunFigures.Kind
    ) -> Summary {
        Summary(
            runs.filter { $0.method == method }
                .map { $0.figures[kind].negativeLogLikelihood ?? .nan }
        )
    }

    /// One row a method: mean ± standard deviation over the seeds, of one of the figures.
    public func table(_ kind: RunFigures.Kind = .last) -> Table {
        var table = Table(Self.columns(first: "method"))
        for method in methods { table.append([method.rawValue] + cells(method, kind)) }
        return table
    }

    /// One row for each of the figures of a method: mean ± standard deviation over the seeds.
    public func table(of method: Recipe.Method.Name) -> Table {
        var table = Table(Self.columns(first: "epoch"))
        for (kind, name) in [
            (RunFigures.Kind.best, "best"), (.last, "last"), (.mean, "mean of the last ten"),
        ] {
            table.append([name] + cells(method, kind))
        }
        return table
    }

    /// `runs`, one object a training, and `summary`, one a method with the mean and the standard
    /// deviation of each figure over the seeds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(runs, forKey: .runs)
        try container.encode(
            methods.map { method in
                let results = runs.filter { $0.method == method }.map(\.figures)
                return MethodSummary(
                    method: method,
                    best: MethodSummary.Figures(results.map(\.best)),
                    last: MethodSummary.Figures(results.map(\.last)),
                    meanOfLastTen: MethodSummary.Figures(results.map(\.meanOfLastTen))
                )
            },
            forKey: .summary
        )
    }

    enum CodingKeys: String, CodingKey {
        case runs, summary
    }

    private struct MethodSummary: Encodable {
        struct Figures: Encodable {
            let error: Summary
            let nll: Summary

            init(_ results: [RunFigures.Result]) {
                error = Summary(results.map(\.error))
                nll = Summary(results.map { $0.negativeLogLikelihood ?? .nan })
            }
        }

        let method: Recipe.Method.Name
        let best: Figures
        let last: Figures
        let meanOfLastTen: Figures

        enum CodingKeys: String, CodingKey {
            case method, best, last
            case meanOfLastTen = "mean_of_last_ten"
        }
    }

    private static func columns(first: String) -> [Table.Column] {
        [
            Table.Column(first), Table.Column("test error %", .right),
            Table.Column("test NLL", .right), Table.Column("seeds", .right),
        ]
    }

    private func cells(_ method: Recipe.Method.Name, _ kind: RunFigures.Kind) -> [String] {
        let error = error(method, kind)
        let likelihood = negativeLogLikelihood(method, kind)
        return [
            error.formatted(decimals: 2), likelihood.formatted(decimals: 4), "\(error.count)",
        ]
    }

    /// One row a training, for spreadsheets.
    var csv: String {
        let figures = [
            (RunFigures.Kind.best, "best"), (.last, "last"), (.mean, "mean_of_last_ten"),
        ]
        let titles =
            ["run", "method", "seed", "epochs", "best_epoch"]
            + figures.flatMap { ["\($0.1)_error", "\($0.1)_nll"] } + ["seconds"]
        let rows = runs.map { run in
            [run.name, run.method.rawValue, "\(run.seed)", "\(run.epochs)"]
                + ["\(run.figures.best.epochs.first ?? 0)"]
                + figures.flatMap { kind, _ in
                    let result = run.figures[kind]
                    return [CSV.cell(result.error), CSV.cell(result.negativeLogLikelihood)]
                }
                + [CSV.cell(run.seconds)]
        }
        return ([titles] + rows).map(CSV.line).joined()
    }
}
