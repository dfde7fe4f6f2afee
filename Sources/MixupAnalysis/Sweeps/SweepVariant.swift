import MixupTraining

/// One row of a sweep: a method, and what the paper reports of it.
public struct SweepVariant: Sendable, Codable, Equatable {
    /// The folder of its trainings.
    public let name: String
    /// What it is called in the report.
    public let title: String
    /// What distinguishes it from the others.
    public let method: Recipe.Method
    /// The test accuracy in the paper in percent, by data set.
    public let paper: [String: Double]

    /// Describes a row.
    init(_ name: String, _ title: String, _ method: Recipe.Method, paper: [String: Double]) {
        self.name = name
        self.title = title
        self.method = method
        self.paper = paper
    }

    /// Training without mixing, against which the others are held.
    static func noMixing(
        _ title: String = "no mixing",
        paper: [String: Double]
    ) -> SweepVariant {
        SweepVariant("none", title, Recipe.Method(name: .noMixup), paper: paper)
    }

    /// Whether it is training without mixing.
    var isBaseline: Bool { method.name == .noMixup }
}
