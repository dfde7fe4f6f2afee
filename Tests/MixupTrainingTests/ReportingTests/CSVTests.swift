import Testing

@testable import MixupTraining

@Suite("CSV")
struct CSVTests {
    /// The cells of a text, by the grammar of RFC 4180.
    private func cells(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var isQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            switch scalar {
            case "\"" where isQuoted && next == "\"":
                cell.unicodeScalars.append(scalar)
                next = scalars.next()
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                row.append(cell)
                cell = ""
            case "\n" where !isQuoted:
                rows.append(row + [cell])
                (row, cell) = ([], "")
            default: cell.unicodeScalars.append(scalar)
            }
        }
        return rows
    }

    @Test("Cells with commas, quotes or line ends come back as they were")
    func quoting() {
        let rows = [
            ["plain", "a,b", "say \"no\"", ""],
            ["two\nlines", "\r\n", "\"", "\"\","],
            ["λ ± 1", " spaces ", "'", ";"],
        ]
        #expect(cells(rows.map(CSV.line).joined()) == rows)
        #expect(CSV.line(["a", "b c", "1.5"]) == "a,b c,1.5\n")
        #expect(CSV.line(["a,b", "\""]) == "\"a,b\",\"\"\"\"\n")
    }

    @Test("Numbers keep all their digits; what is missing or not finite is empty")
    func numbers() {
        for number in [0.1, 1.0 / 3, 1e-9, 123456.789] {
            #expect(Double(CSV.cell(number)) == number)
        }
        for number in [nil, Double.nan, .infinity, -.infinity] {
            #expect(CSV.cell(number).isEmpty)
        }
    }
}
