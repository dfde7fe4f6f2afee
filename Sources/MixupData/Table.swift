import Foundation

/// A comma-separated table: numbers, and in the last column the label.
struct Table {
    /// The file, as the user wrote it.
    let path: String
    /// The number of columns before the label.
    let columnCount: Int
    /// The numbers, row after row.
    let features: [Float]
    /// The label of each row, as it is written.
    let labels: [String]
    /// The line of the file that each row stands in, from 1.
    let lines: [Int]

    /// Reads a file, packed by gzip or not.
    init(path: String) throws {
        try self.init(bytes: FileBytes.read(path), path: path)
    }

    /// Reads the content of a file.
    ///
    /// Blank lines are skipped; so is a first line without a single number before its last cell.
    ///
    /// - Throws: ``DataError/invalidFile(path:reason:)`` with the line and the column.
    init(bytes: [UInt8], path: String) throws {
        func invalid(_ line: Int, _ reason: String) -> DataError {
            .invalidFile(path: path, reason: "line \(line): \(reason)")
        }
        guard !bytes.contains(0) else {
            throw DataError.invalidFile(path: path, reason: "this is not a text file; give a table")
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]

        var width: Int?
        var isFirst = true
        var features: [Float] = []
        var labels: [String] = []
        var lines: [Int] = []
        var number = 0
        for content in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard !content.allSatisfy(TableCell.isBlank) else { continue }
            guard let cells = TableCell.cells(of: content) else {
                throw invalid(number, "a quotation mark is not closed")
            }
            guard cells.count > 1 else {
                throw invalid(
                    number,
                    "there is one column; separate numbers and label with commas"
                )
            }
            if let width, cells.count != width {
                throw invalid(number, "there are \(cells.count) columns; above there are \(width)")
            }
            width = cells.count
            let numbers = cells.dropLast()
            defer { isFirst = false }
            if isFirst, !numbers.contains(where: { $0.number != nil }) { continue }
            for (column, cell) in numbers.enumerated() {
                guard let value = cell.number, value.isFinite else {
                    throw invalid(
                        number,
                        "column \(column + 1) holds \(cell.quoted), which is not a finite number; "
                            + "correct it or remove the line"
                    )
                }
                features.append(value)
            }
            guard let label = cells.last?.text, !label.isEmpty else {
                throw invalid(number, "the label in the last column is missing or not UTF-8")
            }
            labels.append(label)
            lines.append(number)
        }
        guard let width, !labels.isEmpty else {
            throw DataError.invalidFile(
                path: path,
                reason: "the table is empty; it needs lines of numbers and a label"
            )
        }
        self.path = path
        self.columnCount = width - 1
        self.features = features
        self.labels = labels
        self.lines = lines
    }
}
