import Foundation
import Testing

@Suite("Reproducing the paper's experiments")
struct ReproduceTests {
    @Test("The theorem holds, and its report is written with the script of its charts")
    func theorem() throws {
        let folder = try ScratchFolder()
        let script = try folder.file("plotly.min.js", "/* plotly.js v0 */ var Plotly = {};")
        let result = try Tool.run(
            ["reproduce", "theorem", "--scale", "smoke", "--output", "report", "--quiet"],
            in: folder,
            environment: ["MANIFOLD_MIXUP_PLOTLY": folder.url.path + "/" + script]
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("report: report/report.html"))
        #expect(result.output.contains("largest rank of a class"))
        let page = String(decoding: try folder.contents("report/report.html"), as: UTF8.self)
        #expect(page.contains("plotly.js v0"))
        #expect(folder.exists("report/numbers.json"))
        #expect(folder.exists("report/tables/predictions.csv"))
    }

    @Test("Every experiment is in the help")
    func help() throws {
        let result = try Tool.run(["reproduce", "--help"], in: ScratchFolder())
        #expect(result.output.contains("theorem: "))
        #expect(result.output.contains("toy: "))
    }
}
