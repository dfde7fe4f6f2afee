import Foundation

/// plotly.js, which draws the charts of a report; `scripts/get-plotly` fetches it.
public struct ChartLibrary: Sendable {
    /// The environment variable that names the file.
    public static let variable = "MANIFOLD_MIXUP_PLOTLY"
    /// How to get it, in words.
    public static let cure =
        "run scripts/get-plotly once, or set \(variable) to a plotly.min.js, and make the report again"

    /// The script, which is put into the page.
    let source: String

    /// Reads the script.
    ///
    /// - Throws: ``ReportError`` for a file that cannot be read or is not plotly.js.
    public init(contentsOf path: String) throws {
        guard let data = FileManager.default.contents(atPath: path),
            let source = String(data: data, encoding: .utf8)
        else { throw ReportError("\(path) cannot be read; \(Self.cure)") }
        guard source.prefix(300).contains("plotly.js v") else {
            throw ReportError("\(path) is not plotly.js; \(Self.cure)")
        }
        self.source = source
    }

    /// Looks for the script: `MANIFOLD_MIXUP_PLOTLY`, which decides alone, otherwise
    /// `.plotly/plotly.min.js` in the folders above the running program and above the current one.
    ///
    /// - Returns: `nil` where there is none.
    /// - Throws: ``ReportError`` for a file that cannot be read or is not plotly.js.
    public static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        program: String = "/proc/self/exe",
        folder: String = FileManager.default.currentDirectoryPath
    ) throws -> ChartLibrary? {
        if let path = environment[variable], !path.isEmpty {
            return try ChartLibrary(contentsOf: path)
        }
        let program = URL(fileURLWithPath: program).resolvingSymlinksInPath()
        for start in [program.deletingLastPathComponent(), URL(fileURLWithPath: folder)] {
            var place = start.standardizedFileURL
            while true {
                let path = place.appendingPathComponent(".plotly/plotly.min.js").path
                if FileManager.default.fileExists(atPath: path) {
                    return try ChartLibrary(contentsOf: path)
                }
                if place.path == "/" { break }
                place.deleteLastPathComponent()
            }
        }
        return nil
    }
}
