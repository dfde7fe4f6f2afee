/// A small table, as aligned text or as Markdown.
public struct Table: Equatable, Sendable {
    /// On which side the text of a column stands.
    public enum Alignment: Equatable, Sendable {
        /// For words.
        case left
        /// For numbers.
        case right
    }

    /// One column.
    public struct Column: Equatable, Sendable {
        /// The text above it.
        public let title: String
        /// The side its text stands on.
        public let alignment: Alignment

        /// A column with a title, to the left unless said otherwise.
        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// The columns.
    public let columns: [Column]
    /// The rows; each has as many cells as there are columns.
    public private(set) var rows: [[String]] = []

    /// A table without rows.
    public init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row.
    ///
    /// Cells that are missing are empty; cells beyond the last column are dropped.
    public mutating func append(_ cells: [String]) {
        let missing = max(0, columns.count - cells.count)
        rows.append(Array(cells.prefix(columns.count)) + Array(repeating: "", count: missing))
    }

    /// The table as text, one line a row, without spaces at the ends of lines.
    public var text: String {
        let rows = rows.map { $0.map(\.onOneLine) }
        let titles = columns.map(\.title.onOneLine)
        let widths = widths(titles, rows)
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([titles, rule] + rows)
            .map { line(pad($0, widths), separator: "  ") }
            .joined(separator: "\n") + "\n"
    }

    /// The table as GitHub's Markdown.
    public var markdown: String {
        let rows = rows.map { $0.map(Self.markdownCell) }
        let titles = columns.map { Self.markdownCell($0.title) }
        let widths = widths(titles, rows).map { max(3, $0) }
        let rule = zip(columns, widths).map { column, width in
            String(repeating: "-", count: width - (column.alignment == .right ? 1 : 0))
                + (column.alignment == .right ? ":" : "")
        }
        return ([titles, rule] + rows)
            .map { "| " + pad($0, widths).joined(separator: " | ") + " |" }
            .joined(separator: "\n") + "\n"
    }

    private static func markdownCell(_ text: String) -> String {
        text.onOneLine.replacing("|", with: "\\|")
    }

    private func widths(_ titles: [String], _ rows: [[String]]) -> [Int] {
        columns.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
    }

    private func pad(_ cells: [String], _ widths: [Int]) -> [String] {
        zip(zip(cells, widths), columns).map { cell, column in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return column.alignment == .left ? cell.0 + space : space + cell.0
        }
    }

    private func line(_ cells: [String], separator: String) -> String {
        var line = cells.joined(separator: separator)
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
