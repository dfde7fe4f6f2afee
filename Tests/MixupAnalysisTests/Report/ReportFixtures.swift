import Foundation
import MixupTraining

@testable import MixupAnalysis

/// A folder for a report's test, removed with the value.
final class ReportScratch {
    let url: URL
    var path: String { url.path }

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("report-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a file and returns its path.
    func file(_ name: String, _ text: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        return file.path
    }

    func text(_ name: String) throws -> String {
        try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
    }

    /// The names of all files inside, without hidden folders' contents.
    func names() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    }
}

enum ReportFixtures {
    /// Text that means something in HTML, in JSON and in CSV.
    static let nasty = "</script><b a=\"1\" b='2'>&amp;\u{2028}\n,é\u{1F600}"

    static let charts = [
        Chart(
            "lines \(nasty)",
            caption: nasty,
            x: ChartAxis(nasty, range: 0...1),
            y: ChartAxis("y", isLogarithmic: true),
            layers: [.line(nasty, x: [0, 1], y: [1, .nan], errors: [0.1, nil])]
        ),
        Chart(
            "map",
            caption: "",
            x: ChartAxis("x"),
            y: ChartAxis("y"),
            shape: .map,
            layers: [
                .heatMap(
                    "probability",
                    x: [0, 1],
                    y: [0, 1],
                    values: [[0, 0.5], [0.25, 1]],
                    range: 0...1,
                    scale: .orangeToBlue
                ),
                .scatter("points", x: [0.5], y: [0.5], colour: .red),
            ]
        ),
        Chart(
            "bars",
            caption: "",
            x: ChartAxis("method"),
            y: ChartAxis("error (%)"),
            shape: .square,
            layers: [.bars(nasty, categories: [nasty, "b"], values: [1, nil])]
        ),
    ]

    static func result(_ tables: [String] = ["numbers"], failure: String? = nil) -> ExperimentResult
    {
        var table = Table([Table.Column(nasty), Table.Column("value", .right)])
        table.append([nasty, "1"])
        return ExperimentResult(
            name: "example",
            title: nasty,
            summary: nasty,
            scale: .smoke,
            seeds: [1, 2],
            failure: failure,
            sections: [
                ReportSection(
                    nasty,
                    text: nasty,
                    charts: charts,
                    tables: tables.map { ReportTable($0, title: nasty, caption: nasty, table) },
                    notes: [nasty]
                )
            ],
            numbers: ["answer": 42.0, "missing": Double.nan]
        )
    }

    /// Something that passes for plotly.js.
    static let script = "/**\n* plotly.js v0.0.0\n*/\nvar Plotly = '</script>';\n"
}
