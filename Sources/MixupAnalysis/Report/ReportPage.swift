import Foundation
import MixupTraining

/// A report as one page that needs nothing beside it: no network, no other file.
struct ReportPage {
    let result: ExperimentResult
    /// What draws the charts; without it there are tables only.
    let library: ChartLibrary?
    let environment: RunEnvironment

    /// The page.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
        style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
        <title>\(escaped(result.title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <header>
        <h1>\(escaped(result.title))</h1>
        \(paragraph(result.summary))
        <p class="command"><code>\(escaped(result.command))</code></p>
        \(missingLibrary)
        </header>
        <main>
        \(sections)
        </main>
        <footer>
        \(paragraph(origin))
        </footer>
        \(scripts)
        </body>
        </html>

        """
    }

    private func escaped(_ text: String) -> String { PageText.escaped(text) }

    private func paragraph(_ text: String) -> String {
        text.isEmpty ? "" : "<p>\(escaped(text))</p>"
    }

    private var missingLibrary: String {
        guard library == nil, result.sections.contains(where: { !$0.charts.isEmpty }) else {
            return ""
        }
        return
            "<p class=\"missing\">The charts are missing here: \(escaped(ChartLibrary.cure)).</p>"
    }

    private var origin: String {
        let date = environment.date.formatted(.iso8601)
        return "Scale \(result.scale.rawValue), \(result.seeds.count) "
            + (result.seeds.count == 1 ? "seed" : "seeds")
            + ". Made by manifold-mixup \(environment.version) with libtorch "
            + "\(environment.libTorch), \(date). The numbers behind this page are in numbers.json "
            + "and tables/."
    }

    // MARK: - Sections

    private var sections: String {
        var chartNumber = 0
        return result.sections.map { section in
            var parts = ["<section>", "<h2>\(escaped(section.title))</h2>"]
            parts.append(paragraph(section.text))
            if library != nil, !section.charts.isEmpty {
                parts.append("<div class=\"charts\">")
                for chart in section.charts {
                    parts.append(figure(chart, number: chartNumber))
                    chartNumber += 1
                }
                parts.append("</div>")
            }
            parts += section.tables.map(table)
            if !section.notes.isEmpty {
                let items = section.notes.map { "<li>\(escaped($0))</li>" }
                parts.append("<ul class=\"notes\">\n\(items.joined(separator: "\n"))\n</ul>")
            }
            parts.append("</section>")
            return parts.filter { !$0.isEmpty }.joined(separator: "\n")
        }
        .joined(separator: "\n")
    }

    private func figure(_ chart: Chart, number: Int) -> String {
        """
        <figure class="\(chart.shape.rawValue)">
        <h3>\(escaped(chart.title))</h3>
        <div class="chart" data-figure="\(number)" role="img" \
        aria-label="\(escaped(chart.title))"></div>
        <figcaption>\(escaped(chart.caption))</figcaption>
        </figure>
        """
    }

    private func table(_ report: ReportTable) -> String {
        let columns = report.table.columns
        func cells(_ tag: String, _ texts: [String]) -> String {
            zip(columns, texts).map { column, text in
                let side = column.alignment == .right ? " class=\"number\"" : ""
                return "<\(tag)\(side)>\(escaped(text))</\(tag)>"
            }
            .joined()
        }
        let rows = report.table.rows.map { "<tr>\(cells("td", $0))</tr>" }
        return """
            <div class="table">
            <h3>\(escaped(report.title))</h3>
            <table>
            <thead><tr>\(cells("th", columns.map(\.title)))</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            \(report.caption.isEmpty ? "" : "<p class=\"caption\">\(escaped(report.caption))</p>")
            </div>
            """
    }

    // MARK: - Scripts

    private var scripts: String {
        guard let library else { return "" }
        let figures = JSONText.array(result.sections.flatMap(\.charts).map(\.figure))
        // Nothing in a script's text may look like its end.
        let source = library.source.replacing("</script", with: "<\\/script")
        return """
            <script type="application/json" id="figures">\(figures.text)</script>
            <script>\(source)</script>
            <script>
            \(Self.drawing)
            </script>
            """
    }
}
