import Testing

@testable import MixupTraining

@Suite("Tables and summaries")
struct TableTests {
    private var table: Table {
        var table = Table([.init("method"), .init("test error", .right)])
        table.append(["none", "4.83 ± 0.07"])
        table.append(["manifold-mixup", "2.95"])
        return table
    }

    @Test("Text is aligned and has no spaces at the ends of lines")
    func text() {
        let expected = """
            method           test error
            ──────────────  ───────────
            none            4.83 ± 0.07
            manifold-mixup         2.95

            """
        #expect(table.text == expected)
    }

    @Test("Markdown has a rule with the alignment")
    func markdown() {
        let expected = """
            | method         |  test error |
            | -------------- | ----------: |
            | none           | 4.83 ± 0.07 |
            | manifold-mixup |        2.95 |

            """
        #expect(table.markdown == expected)
    }

    @Test("Rows of any length and cells with any text keep the table in shape")
    func oddCells() {
        var table = Table([.init("a"), .init("b", .right), .init("c")])
        table.append([])
        table.append(["1", "2", "3", "4"])
        table.append(["x|y", "two\nlines", ""])
        #expect(table.rows.allSatisfy { $0.count == 3 })
        let markdown = table.markdown.split(separator: "\n")
        #expect(markdown.count == 5)
        #expect(Set(markdown.map(\.count)).count == 1)
        #expect(markdown[4].contains("x\\|y"))
        #expect(table.text.count(where: { $0 == "\n" }) == 5)
        #expect(Table([]).text.allSatisfy { $0 == "\n" })
    }

    @Test("A summary is the mean and the sample standard deviation")
    func summary() {
        let summary = Summary([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(summary.mean == 5)
        #expect(abs((summary.standardDeviation ?? 0) - (32.0 / 7).squareRoot()) < 1e-12)
        #expect(summary.formatted(decimals: 2) == "5.00 ± 2.14")
        #expect(Summary([0.1, 0.1, 0.1]).formatted(decimals: 1) == "0.1 ± 0.0")
        // A large offset must not swallow the spread.
        let offset = Summary([1e9 + 1, 1e9 + 2, 1e9 + 3])
        #expect(offset.standardDeviation == 1)
    }

    @Test("One value has no deviation, none has no mean, and not a number says so")
    func fewValues() {
        #expect(Summary([1.5]).standardDeviation == nil)
        #expect(Summary([1.5]).formatted(decimals: 2) == "1.50")
        #expect(Summary([]).mean.isNaN)
        #expect(Summary([]).formatted(decimals: 2) == "–")
        #expect(Summary([.nan, 1]).formatted(decimals: 2).contains("nan"))
    }
}
