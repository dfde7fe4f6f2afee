import Foundation

extension RunDirectory {
    /// The file with the seconds that training and evaluation took.
    public var timesPath: String { FilePath.join(path, "times.jsonl") }
    /// The table of the evaluated epochs, for spreadsheets.
    public var summaryPath: String { FilePath.join(path, Self.summaryName) }
    /// The file with the reported figures; there once the run is finished.
    public var figuresPath: String { FilePath.join(path, "figures.json") }

    static let summaryName = "summary.csv"

    /// What is reported of the run; `nil` while it is not finished.
    public func figures() -> RunFigures? {
        FileManager.default.contents(atPath: figuresPath)
            .flatMap { try? JSONDecoder().decode(RunFigures.self, from: $0) }
    }

    /// The seconds of training and evaluation so far, as far as checkpoints have kept their work.
    ///
    /// Throws ``FileError`` or ``MetricsLogError``.
    public func seconds() throws -> Double {
        try MetricsLog.read(timesPath, as: TimesRow.self)
            .reduce(0) { $0 + $1.training + $1.evaluation }
    }
}
