import Foundation
import Glibc
import MixupData

/// The folder of a series: a run folder for each training, and `summary.csv`.
///
/// Whoever trains holds the folder's lock.
final class SeriesFolder {
    private let path: String
    private let lock: RunLock

    /// Opens the folder, or makes it where there is none, with its parents.
    ///
    /// Throws ``SeriesError`` for a folder of something else, or one with runs of other recipes, and
    /// ``RunDirectoryError`` for one that cannot be made or is in use.
    init(_ path: String, for series: Series) throws {
        let path = FilePath.trimmed(path)
        self.path = path
        try Self.requireSeries(path)
        do {
            _ = try RunDirectory.makeParents(of: path)
            guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError("make", path) }
            lock = try RunLock.take(in: path, run: path)
        } catch let error as FileError {
            throw RunDirectoryError.notWritable(path: path, reason: systemReason(error.code))
        }
        AtomicFolder.sweep(path)
        for member in series.members { try requireSameRecipe(member) }
        if FilePath.kind(of: summaryPath) == nil { try write(SeriesResult()) }
    }

    /// Writes the table of the trainings that are finished.
    ///
    /// Throws ``FileError``.
    func write(_ result: SeriesResult) throws {
        try AtomicFile.write(result.csv, to: summaryPath)
    }

    /// The result of a training that is finished already, or nil.
    ///
    /// Throws ``FileError`` or ``MetricsLogError``.
    func finished(_ member: Series.Member) throws -> SeriesResult.Run? {
        guard hasRun(member) else { return nil }
        return try result(of: member, RunDirectory.open(path(of: member)))
    }

    /// The result of a run, or nil if it is not finished.
    ///
    /// Throws ``FileError`` or ``MetricsLogError``.
    func result(
        of member: Series.Member,
        _ directory: RunDirectory
    ) throws -> SeriesResult.Run? {
        guard let figures = directory.figures() else { return nil }
        return SeriesResult.Run(
            member,
            figures: figures,
            seconds: try directory.seconds()
        )
    }

    /// Starts a training, or opens it to go on.
    func open(_ member: Series.Member, data: DataSplits) throws -> TrainingRun {
        let path = path(of: member)
        return hasRun(member)
            ? try .resume(path, data: data) : try .start(member.recipe, at: path, data: data)
    }

    private var summaryPath: String { FilePath.join(path, RunDirectory.summaryName) }

    private func path(of member: Series.Member) -> String { FilePath.join(path, member.name) }

    private func hasRun(_ member: Series.Member) -> Bool {
        FilePath.kind(of: FilePath.join(path(of: member), RunDirectory.recipeName)) != nil
    }

    private func requireSameRecipe(_ member: Series.Member) throws {
        guard hasRun(member) else { return }
        let directory = try RunDirectory.open(path(of: member))
        guard let difference = member.recipe.difference(from: try directory.recipe()) else {
            return
        }
        throw SeriesError.otherRecipe(
            recipe: directory.recipePath,
            setting: difference.setting,
            there: difference.other,
            here: difference.own
        )
    }

    /// Refuses a folder with anything in it that is not a series.
    private static func requireSeries(_ path: String) throws {
        switch FilePath.kind(of: path) {
        case nil: return
        case S_IFDIR: break
        default: throw RunDirectoryError.notAFolder(path: path)
        }
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        guard let names else {
            throw RunDirectoryError.notWritable(path: path, reason: "it cannot be read")
        }
        guard !names.contains(RunDirectory.recipeName) else { throw SeriesError.isRun(path: path) }
        let others = names.filter { $0 != RunDirectory.lockName && !$0.hasPrefix(".") }
        guard others.isEmpty || others.contains(RunDirectory.summaryName) else {
            throw SeriesError.notASeries(path: path)
        }
    }
}

/// Why a series cannot start or go on; the message is one line.
public enum SeriesError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// The folder is that of a single run.
    case isRun(path: String)
    /// The folder has something else in it.
    case notASeries(path: String)
    /// A run in the folder has another recipe.
    case otherRecipe(recipe: String, setting: String, there: String, here: String)
    /// A training could not go on.
    case failed(run: String, reason: String)

    /// The message, always one line.
    public var description: String {
        let text =
            switch self {
            case .isRun(let path):
                "\(path) is the folder of a single run; choose another with --output"
            case .notASeries(let path):
                "the folder \(path) is not empty and holds no series of runs (there is no "
                    + "\(RunDirectory.summaryName)); choose another with --output"
            case .otherRecipe(let recipe, let setting, let there, let here):
                "\(recipe) has \(setting) \(there), not \(here); give the settings that the series "
                    + "was started with, or choose another folder with --output"
            case .failed(let run, let reason):
                "\(run): \(reason)"
            }
        return text.onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}
