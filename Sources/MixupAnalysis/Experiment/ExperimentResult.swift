/// What came out of an experiment, and how to show it.
public struct ExperimentResult: Sendable {
    /// The experiment's name.
    public let name: String
    /// The report's title.
    public let title: String
    /// What was done, in a few sentences.
    public let summary: String
    /// How much was done.
    public let scale: ExperimentScale
    /// The seeds of the repetitions.
    public let seeds: [UInt64]
    /// What should hold exactly and does not, in one line; `nil` where everything does.
    public let failure: String?
    /// The report's parts.
    public let sections: [ReportSection]
    /// The raw numbers.
    public let numbers: any Encodable & Sendable

    /// Puts a result together.
    public init(
        name: String,
        title: String,
        summary: String,
        scale: ExperimentScale,
        seeds: [UInt64],
        failure: String? = nil,
        sections: [ReportSection],
        numbers: any Encodable & Sendable
    ) {
        self.name = name
        self.title = title
        self.summary = summary
        self.scale = scale
        self.seeds = seeds
        self.failure = failure
        self.sections = sections
        self.numbers = numbers
    }

    /// The command that repeats it.
    public var command: String {
        Self.command(name: name, scale: scale, seedCount: seeds.count)
    }

    /// The command that repeats an experiment.
    public static func command(name: String, scale: ExperimentScale, seedCount: Int) -> String {
        "manifold-mixup reproduce \(name) --scale \(scale.rawValue) --seeds \(seedCount)"
    }
}
