import Foundation
import MixupTraining

/// The folder of a report: `report.html`, `numbers.json`, every table as `tables/NAME.csv`, and where
/// the experiment keeps its trainings, `runs`.
public struct ReportFolder: Sendable {
    private static let pageName = "report.html"
    private static let numbersName = "numbers.json"
    private static let tablesName = "tables"
    private static let runsName = "runs"

    /// The folder.
    public let path: String
    /// The page.
    public var pagePath: String { path + "/" + Self.pageName }
    /// Where an experiment may keep its trainings; a report that is written leaves them alone.
    public var runsPath: String { path + "/" + Self.runsName }

    /// Makes sure that a report may be written to a folder: there is none yet, or an empty one, or one
    /// that holds a report and nothing else, which will be replaced. Hidden files do not count.
    ///
    /// - Throws: ``ReportError`` for another folder or a file.
    public init(_ path: String) throws {
        guard !path.isEmpty else { throw ReportError("the path of the report's folder is empty") }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else {
                throw ReportError("\(path) is a file; choose a folder for the report")
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw ReportError("\(path) cannot be read; choose another folder for the report")
            }
            let own: Set = [Self.pageName, Self.numbersName, Self.tablesName, Self.runsName]
            let others = names.filter { !own.contains($0) && !$0.hasPrefix(".") }
            if let other = others.min() {
                throw ReportError(
                    "\(path) holds '\(other)', which is no part of a report; choose a new folder"
                )
            }
        }
        self.path = path
    }

    /// Writes everything, the page last; a reader sees each file as a whole, or what was there before.
    ///
    /// - Parameters:
    ///   - result: what was measured.
    ///   - library: what draws the charts; `nil` for a page with tables only.
    ///   - environment: what it was measured with.
    /// - Throws: `FileError` where something cannot be written, ``ReportError`` for two tables of the
    ///   same name.
    public func write(
        _ result: ExperimentResult,
        library: ChartLibrary?,
        environment: RunEnvironment = RunEnvironment()
    ) throws {
        let tables = result.sections.flatMap(\.tables)
        guard Set(tables.map(\.name)).count == tables.count else {
            throw ReportError("two tables of the report have the same name; rename one")
        }
        let page = ReportPage(result: result, library: library, environment: environment)
        let numbers = try Numbers(result, environment).json()
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw ReportError("\(path) cannot be made; choose another folder for the report")
        }
        try AtomicFolder.write(to: "\(path)/\(Self.tablesName)") { folder in
            for table in tables {
                try AtomicFile.write(table.csv, to: "\(folder)/\(table.name).csv")
            }
        }
        try AtomicFile.write(numbers, to: "\(path)/\(Self.numbersName)")
        try AtomicFile.write(page.html, to: pagePath)
    }
}

/// What numbers.json holds.
private struct Numbers: Encodable {
    let result: ExperimentResult
    let environment: RunEnvironment

    init(_ result: ExperimentResult, _ environment: RunEnvironment) {
        self.result = result
        self.environment = environment
    }

    enum CodingKeys: String, CodingKey {
        case experiment, scale, seeds, command, failure, numbers, environment
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(result.name, forKey: .experiment)
        try container.encode(result.scale, forKey: .scale)
        try container.encode(result.seeds, forKey: .seeds)
        try container.encode(result.command, forKey: .command)
        try container.encodeIfPresent(result.failure, forKey: .failure)
        try result.numbers.encode(to: container.superEncoder(forKey: .numbers))
        try container.encode(environment, forKey: .environment)
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
