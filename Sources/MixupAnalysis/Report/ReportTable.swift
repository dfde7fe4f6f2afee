import MixupTraining

/// A table of a report, which is also written as CSV.
public struct ReportTable: Sendable, Equatable {
    /// The name of its file, without ".csv": small letters, digits and hyphens.
    public let name: String
    /// What stands above it.
    public let title: String
    /// How to read it.
    public let caption: String
    /// The columns and rows.
    public let table: Table

    /// Names a table.
    public init(_ name: String, title: String, caption: String = "", _ table: Table) {
        self.name = name
        self.title = title
        self.caption = caption
        self.table = table
    }

    /// The table that holds what was measured against the paper.
    public init(_ comparisons: [PaperComparison], seeds: Int, command: String) {
        var table = Table([
            Table.Column("quantity"), Table.Column("paper"), Table.Column("measured here"),
            Table.Column("seeds", .right), Table.Column("command"),
        ])
        for comparison in comparisons {
            table.append([
                comparison.quantity, comparison.paper, comparison.measured, "\(seeds)", command,
            ])
        }
        self.init(
            "paper",
            title: "The paper's claims beside what was measured",
            caption: "A mean is given with the standard deviation over the seeds.",
            table
        )
    }

    /// The table as CSV (RFC 4180), with a first line of titles.
    public var csv: String {
        ([table.columns.map(\.title)] + table.rows).map(CSV.line).joined()
    }
}

/// A claim of the paper, and what was measured of it.
public struct PaperComparison: Sendable, Equatable {
    /// What is compared.
    public let quantity: String
    /// What the paper says, and where.
    public let paper: String
    /// What was measured.
    public let measured: String

    /// Puts a claim beside a measurement.
    public init(_ quantity: String, paper: String, measured: String) {
        self.quantity = quantity
        self.paper = paper
        self.measured = measured
    }
}
