import Foundation
import Glibc

/// What a run writes down of its epochs, in its folder.
///
/// `metrics.jsonl` is the record, and the same bytes whenever the run is repeated or resumed; a run
/// that cannot write it ends. `times.jsonl` has the seconds, which are never the same. `summary.csv`
/// and TensorBoard's event file say both again; a failure to write these three is kept in
/// ``firstFailure``, and the training goes on.
final class RunLog {
    /// The rows of `metrics.jsonl`.
    private(set) var epochs: [EpochRow] = []
    /// Why something other than the record could not be written.
    private(set) var firstFailure: (any Error)?

    private let directory: RunDirectory
    private var metrics: MetricsLog?
    private var times: MetricsLog?
    private var summary: AppendedFile?
    private var curves: TensorBoardLog?

    private var stopwatch = Stopwatch()
    private var present = Seconds()
    private var secondsOfEpochs: [Int: Seconds] = [:]

    /// The log of a run that is new.
    init(_ directory: RunDirectory) {
        self.directory = directory
    }

    /// Reads what there is and drops what a run that goes on from `position` writes again.
    ///
    /// Throws ``FileError`` or ``MetricsLogError``.
    func rewind(to position: TrainingPosition) throws {
        unlink(directory.figuresPath)
        try MetricsLog.truncate(directory.metricsPath, afterStep: position.lastRow)
        try MetricsLog.truncate(directory.timesPath, afterStep: position.step)
        epochs = try MetricsLog.read(directory.metricsPath, as: EpochRow.self)
        secondsOfEpochs = [:]
        for row in try MetricsLog.read(directory.timesPath, as: TimesRow.self) {
            secondsOfEpochs[row.epoch, default: Seconds()].add(row.seconds)
        }
    }

    /// Opens all files, and starts the clock.
    ///
    /// Throws ``FileError`` if that fails for the record.
    func start(at position: TrainingPosition) throws {
        metrics = try MetricsLog(path: directory.metricsPath)
        attempt { times = try MetricsLog(path: directory.timesPath) }
        attempt {
            let lines = epochs.filter(\.isEvaluated).map(line)
            try AtomicFile.write(
                CSV.line(EpochRow.titles + Seconds.titles) + lines.joined(),
                to: directory.summaryPath
            )
            summary = try AppendedFile(path: directory.summaryPath)
        }
        attempt {
            curves = try TensorBoardLog(folder: directory.path, afterStep: position.lastRow)
        }
        stopwatch = Stopwatch()
    }

    /// Notes that the steps of an epoch are done; what follows is its evaluation.
    func endTraining() {
        present.training += stopwatch.lap()
    }

    /// Writes the row of an epoch.
    ///
    /// Throws ``FileError`` if that fails for the record.
    func append(_ row: EpochRow) throws {
        present.evaluation += stopwatch.lap()
        try metrics?.append(row)
        epochs.append(row)
        secondsOfEpochs[row.epoch, default: Seconds()].add(present)
        attempt { try curves?.append(row.scalars, step: row.step) }
        if row.isEvaluated { attempt { try summary?.append(Data(line(row).utf8)) } }
    }

    /// Writes the seconds since the last checkpoint; call it before one is written.
    func keepTimes(at position: TrainingPosition) {
        let isWithinEpoch = position.batch > 0
        let epoch = position.epoch + (isWithinEpoch ? 1 : 0)
        if isWithinEpoch {
            present.training += stopwatch.lap()
            secondsOfEpochs[epoch, default: Seconds()].add(present)
        }
        let row = TimesRow(epoch: epoch, step: position.step, seconds: present)
        present = Seconds()
        attempt { try times?.append(row) }
    }

    /// Writes the reported figures, which says that the run is finished.
    ///
    /// Throws ``FileError``.
    func finish() throws {
        guard let figures else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(encoder.encode(figures) + Data("\n".utf8), to: directory.figuresPath)
    }

    /// What is reported of the epochs so far.
    var figures: RunFigures? { RunFigures(epochs) }

    private func line(_ row: EpochRow) -> String {
        CSV.line(row.cells + (secondsOfEpochs[row.epoch] ?? Seconds()).cells)
    }

    private func attempt(_ write: () throws -> Void) {
        do { try write() } catch { firstFailure = firstFailure ?? error }
    }
}

extension TrainingPosition {
    /// The step that the last row of the log can be of: an epoch whose steps are all done, but not
    /// its evaluation, has no row yet.
    fileprivate var lastRow: Int { batch == 0 ? step : step - 1 }
}

/// Where the wall-clock time of an epoch went.
struct Seconds: Equatable {
    var training = 0.0
    var evaluation = 0.0

    static let titles = ["train_seconds", "evaluation_seconds"]
    var cells: [String] { [training, evaluation].map { CSV.cell($0) } }

    mutating func add(_ other: Seconds) {
        training += other.training
        evaluation += other.evaluation
    }
}

/// One line of `times.jsonl`: the seconds from one checkpoint to the next.
struct TimesRow: MetricsRow, Codable {
    let epoch: Int
    let step: Int
    let training: Double
    let evaluation: Double

    init(epoch: Int, step: Int, seconds: Seconds) {
        self.epoch = epoch
        self.step = step
        training = seconds.training
        evaluation = seconds.evaluation
    }

    var seconds: Seconds { Seconds(training: training, evaluation: evaluation) }

    enum CodingKeys: String, CodingKey {
        case epoch, step
        case training = "train_seconds"
        case evaluation = "evaluation_seconds"
    }
}
