/// The rows of a comma-separated table that may be larger than the memory.
///
/// Blank lines are skipped; so is a first line without a single number.
final class TableRows {
    /// A line of the table that holds a row, before its numbers are read.
    struct Row: Sendable {
        /// The file and the line, from 1: "data.csv:17".
        let name: String
        fileprivate let line: [UInt8]
        fileprivate let columnCount: Int
        fileprivate let isLabelled: Bool

        /// The numbers, and the label behind them.
        ///
        /// - Throws: ``DataError/invalidFile(path:reason:)``.
        func values() throws -> (numbers: [Float], label: String?) {
            let cells = TableCell.cells(of: line[...]) ?? []
            let numbers = try cells.prefix(columnCount).enumerated().map { column, cell in
                guard let number = cell.number, number.isFinite else {
                    throw DataError.invalidFile(
                        path: name,
                        reason: "column \(column + 1) holds \(cell.quoted), which is not a finite "
                            + "number"
                    )
                }
                return number
            }
            return (numbers, isLabelled ? cells.last?.text : nil)
        }
    }

    private let stream: ByteStream
    private let columnCount: Int
    private let isLabelled: Bool
    private var number = 0
    private var isFirst = true

    /// Reads from a stream.
    ///
    /// - Parameters:
    ///   - stream: the table's bytes.
    ///   - columnCount: how many numbers a row has.
    ///   - isLabelled: whether a label follows them.
    init(_ stream: ByteStream, columnCount: Int, isLabelled: Bool) {
        self.stream = stream
        self.columnCount = columnCount
        self.isLabelled = isLabelled
    }

    /// The next row, which has the columns that it must; nothing at the end.
    ///
    /// - Throws: ``DataError`` where the file cannot be read or its rows are of another width; there is
    ///   nothing to be had from it then.
    func next() throws -> Row? {
        while var line = try stream.line() {
            number += 1
            if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
            guard !line.allSatisfy(TableCell.isBlank) else { continue }
            defer { isFirst = false }
            if isFirst, isHeader(line) { continue }
            let row = Row(
                name: "\(stream.name):\(number)",
                line: line,
                columnCount: columnCount,
                isLabelled: isLabelled
            )
            try check(row)
            return row
        }
        return nil
    }

    private func isHeader(_ line: [UInt8]) -> Bool {
        guard let cells = TableCell.cells(of: line[...]) else { return false }
        let numbers = isLabelled ? cells.dropLast() : cells[...]
        return !numbers.isEmpty && !numbers.contains { $0.number != nil }
    }

    private func check(_ row: Row) throws {
        func invalid(_ reason: String) -> DataError {
            .invalidFile(path: stream.name, reason: "line \(number): \(reason)")
        }
        guard !row.line.contains(0) else {
            throw invalid("this is not text; give images, IDX files or tables")
        }
        guard let cells = TableCell.cells(of: row.line[...]) else {
            throw invalid("a quotation mark is not closed")
        }
        let needed = columnCount + (isLabelled ? 1 : 0)
        guard cells.count != needed else { return }
        let columns = cells.count == 1 ? "there is 1 column" : "there are \(cells.count) columns"
        let cure =
            cells.count == needed + 1 && !isLabelled
            ? "; if the last one is the label, add --labelled" : ""
        throw invalid(
            "\(columns), the model takes \(columnCount)\(isLabelled ? " and the label" : "")\(cure)"
        )
    }
}
