/// What is reported of a run: its best epoch, its last one, and the mean of its last ten.
///
/// All are results on the test set, on examples that are not mixed. The best epoch is chosen by the
/// error on the hold-out where there is one, otherwise on the test set, as the paper did, which
/// flatters it.
public struct RunFigures: Sendable, Codable, Equatable {
    /// The result of one epoch, or the mean of several.
    public struct Result: Sendable, Codable, Equatable {
        /// The evaluated epochs that it is of, from 1.
        public let epochs: [Int]
        /// The share of wrong test examples, in 0...1.
        public let error: Double
        /// The mean negative log likelihood on the test set; `nil` if it is not finite.
        public let negativeLogLikelihood: Double?

        enum CodingKeys: String, CodingKey {
            case epochs, error
            case negativeLogLikelihood = "nll"
        }
    }

    /// One of the three.
    public enum Kind: String, Sendable, CaseIterable {
        /// The best epoch.
        case best
        /// The last epoch.
        case last
        /// The mean of the last ten epochs.
        case mean
    }

    /// What the best epoch is chosen by.
    public enum Choice: String, Sendable, Codable {
        /// The error on the hold-out.
        case validation
        /// The error on the test set.
        case test

        /// The choice in words, to stand below the figures.
        public var text: String {
            switch self {
            case .validation: "The best epoch is chosen on the hold-out."
            case .test: "The best epoch is chosen on the test set, as the paper did."
            }
        }
    }

    /// The epoch with the lowest error, the first of equals.
    public let best: Result
    /// The last epoch that was evaluated.
    public let last: Result
    /// The mean of those of the last ten epochs that were evaluated.
    public let meanOfLastTen: Result
    /// What `best` is chosen by.
    public let bestChosenBy: Choice

    enum CodingKeys: String, CodingKey {
        case best, last
        case meanOfLastTen = "mean_of_last_ten"
        case bestChosenBy = "best_chosen_by"
    }

    /// The figures of the epochs of a run in order; `nil` if none was evaluated.
    init?(_ rows: [EpochRow]) {
        let evaluated = rows.filter { $0.testError != nil }
        let held = evaluated.filter { $0.validationError != nil }
        let best = held.isEmpty ? evaluated.lowest(\.testError) : held.lowest(\.validationError)
        guard let best, let last = evaluated.last else { return nil }
        self.best = Result([best])
        self.last = Result([last])
        meanOfLastTen = Result(evaluated.filter { $0.epoch > last.epoch - 10 })
        bestChosenBy = held.isEmpty ? .test : .validation
    }

    /// One of the three results.
    public subscript(kind: Kind) -> Result {
        switch kind {
        case .best: best
        case .last: last
        case .mean: meanOfLastTen
        }
    }

    /// The figures as a table.
    public func table() -> Table {
        var table = Table([
            Table.Column("epoch"), Table.Column("test error %", .right),
            Table.Column("test NLL", .right),
        ])
        for (kind, name) in [
            (Kind.best, "best"), (.last, "last"), (.mean, "mean of \(meanOfLastTen.epochs.count)"),
        ] {
            let result = self[kind]
            table.append([
                "\(result.span) (\(name))",
                Summary([100 * result.error]).formatted(decimals: 2),
                Summary([result.negativeLogLikelihood ?? .nan]).formatted(decimals: 4),
            ])
        }
        return table
    }
}

extension RunFigures.Result {
    /// The mean of epochs that were evaluated.
    fileprivate init(_ rows: [EpochRow]) {
        let likelihoods = rows.compactMap(\.testNegativeLogLikelihood).filter(\.isFinite)
        epochs = rows.map(\.epoch)
        error = rows.compactMap(\.testError).mean
        negativeLogLikelihood = likelihoods.count == rows.count ? likelihoods.mean : nil
    }

    /// The epochs in words: 20, or 11–20.
    fileprivate var span: String {
        guard let first = epochs.first, let last = epochs.last else { return "" }
        return first == last ? "\(first)" : "\(first)–\(last)"
    }
}

extension [EpochRow] {
    fileprivate func lowest(_ error: KeyPath<EpochRow, Double?>) -> EpochRow? {
        self.min { $0[keyPath: error] ?? .infinity < $1[keyPath: error] ?? .infinity }
    }
}

extension [Double] {
    fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
