import Foundation
import MixupTraining
import Testing

@testable import MixupAnalysis

@Suite("The page of a report")
struct ReportPageTests {
    private func page(_ library: ChartLibrary?) -> String {
        ReportPage(
            result: ReportFixtures.result(),
            library: library,
            environment: RunEnvironment()
        ).html
    }

    private func library() throws -> ChartLibrary {
        let scratch = try ReportScratch()
        return try ChartLibrary(contentsOf: scratch.file("plotly.min.js", ReportFixtures.script))
    }

    @Test("No text of a result is read as markup")
    func escaping() throws {
        for library in [nil, try library()] {
            let page = page(library)
            #expect(!page.contains("<b "))
            #expect(page.contains("&lt;/script&gt;&lt;b a=&#34;1&#34; b=&#39;2&#39;&gt;&amp;amp;"))
        }
    }

    @Test("The page has as many scripts as it opens, whatever is in them")
    func scripts() throws {
        let page = page(try library())
        #expect(page.ranges(of: "<script").count == 3)
        #expect(page.ranges(of: "</script>").count == 3)
        #expect(page.contains(#"var Plotly = '<\/script>'"#))
    }

    @Test("Every chart has a place with its number, a title and a caption, and its figure")
    func charts() throws {
        let page = page(try library())
        for (number, chart) in ReportFixtures.charts.enumerated() {
            #expect(page.contains("data-figure=\"\(number)\""))
            #expect(page.contains("<h3>\(PageText.escaped(chart.title))</h3>"))
            #expect(page.contains(chart.figure.text))
        }
        #expect(page.ranges(of: "<figcaption>").count == ReportFixtures.charts.count)
    }

    @Test("Without plotly.js the page has its tables, and says in one line how to get the charts")
    func withoutLibrary() {
        let page = page(nil)
        #expect(page.contains("scripts/get-plotly"))
        #expect(page.contains("<table>"))
        #expect(!page.contains("<script"))
        #expect(!page.contains("<figure"))
    }

    @Test("The page asks for nothing beside itself")
    func selfContained() throws {
        let page = page(try library())
        for reference in ["http:", "https:", "src=", "href=", "@import", "url("] {
            #expect(!page.contains(reference), "\(reference)")
        }
        #expect(page.contains("default-src 'none'"))
    }
}
