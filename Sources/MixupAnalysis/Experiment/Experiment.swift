import LibTorch

/// Something that the paper reports, done again: it trains what it needs, measures it, and says how
/// to show it.
public protocol Experiment: Sendable {
    /// The name that `manifold-mixup reproduce` knows it by.
    var name: String { get }
    /// What it does, in one line.
    var summary: String { get }

    /// Trains and measures.
    ///
    /// - Parameters:
    ///   - scale: how much is done.
    ///   - seeds: the number of repetitions; `nil` for as many as the scale suggests.
    ///   - dataDirectory: where data sets are looked for first; `nil` for the usual places.
    ///   - progress: called with a line whenever there is something to tell.
    /// - Throws: whatever makes it impossible; a claim that does not hold is no error, see
    ///   ``ExperimentResult/failure``.
    func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        progress: (String) -> Void
    ) throws -> ExperimentResult
}

/// How much of an experiment is done.
public enum ExperimentScale: String, Sendable, Codable, CaseIterable {
    /// Whether it works at all: less than a minute.
    case smoke
    /// Whether the claims hold in small: less than a quarter of an hour on two cores.
    case quick
    /// The paper's own protocol, as far as it is known.
    case paper

    /// The seeds of the repetitions, from 1 on: one, three, and as many as in the paper, five.
    func seeds(_ count: Int?) -> [UInt64] {
        let usual =
            switch self {
            case .smoke: 1
            case .quick: 3
            case .paper: 5
            }
        return (0..<UInt64(max(count ?? usual, 1))).map { $0 + 1 }
    }
}

/// The experiments that there are.
public enum Experiments {
    /// All of them.
    public static let all: [any Experiment] = [
        TheoremExperiment(), ToyExperiment(), FlatteningExperiment(), SweepExperiment.layers,
        SweepExperiment.alpha, SweepExperiment.blocking, RobustnessExperiment(),
    ]

    /// The experiment of a name.
    ///
    /// - Throws: ``ReportError`` with all names if there is none.
    public static func named(_ name: String) throws -> any Experiment {
        if let experiment = all.first(where: { $0.name == name }) { return experiment }
        let known = all.map(\.name).joined(separator: ", ")
        throw ReportError("there is no experiment '\(name)'; choose one of \(known)")
    }
}
