/// A part of a report under one heading.
public struct ReportSection: Sendable, Equatable {
    /// The heading.
    public let title: String
    /// A paragraph below it.
    public let text: String
    /// The pictures, in order.
    public let charts: [Chart]
    /// The tables below the pictures.
    public let tables: [ReportTable]
    /// The fine print.
    public let notes: [String]

    /// Puts a section together.
    public init(
        _ title: String,
        text: String = "",
        charts: [Chart] = [],
        tables: [ReportTable] = [],
        notes: [String] = []
    ) {
        self.title = title
        self.text = text
        self.charts = charts
        self.tables = tables
        self.notes = notes
    }
}
