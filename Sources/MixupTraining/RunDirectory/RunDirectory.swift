import Foundation
import Glibc

/// The folder of one training run.
///
/// It holds `recipe.yaml` (every setting, resolved), `environment.json`, `metrics.jsonl` with its
/// companions, `checkpoints/` and `lock`. Whoever trains holds the lock, so that two processes never write
/// the same run; reading needs none.
public final class RunDirectory {
    static let recipeName = "recipe.yaml"
    static let environmentName = "environment.json"
    static let metricsName = "metrics.jsonl"
    static let checkpointsName = "checkpoints"
    static let lockName = "lock"

    /// The folder.
    public let path: String
    /// The file with the resolved recipe.
    public var recipePath: String { FilePath.join(path, Self.recipeName) }
    /// The file that says what the run was made with.
    public var environmentPath: String { FilePath.join(path, Self.environmentName) }
    /// The file with one row of figures a line.
    public var metricsPath: String { FilePath.join(path, Self.metricsName) }
    /// The folder of the checkpoints.
    public var checkpointsPath: String { FilePath.join(path, Self.checkpointsName) }

    private let lock: RunLock?

    private init(path: String, lock: RunLock?) {
        self.path = path
        self.lock = lock
    }

    /// Makes the folder of a new run, with its parents, and locks it.
    ///
    /// The folder appears with all its files at once. Where an empty folder is already there, it
    /// is filled in place. On failure nothing of what was made is left.
    /// Throws ``RunDirectoryError`` or ``FileError``.
    public static func create(
        at path: String,
        recipe: Recipe,
        environment: some Encodable
    ) throws -> RunDirectory {
        let path = FilePath.trimmed(path)
        guard !path.isEmpty else {
            throw RunDirectoryError.notWritable(path: "''", reason: "the path is empty")
        }
        do {
            switch FilePath.kind(of: path) {
            case nil:
                return try createNew(at: path, recipe: recipe, environment: environment)
            case S_IFDIR:
                return try fillEmpty(path, recipe: recipe, environment: environment)
            default:
                throw RunDirectoryError.notAFolder(path: path)
            }
        } catch let error as FileError {
            switch error.code {
            case ENOTEMPTY, EEXIST: throw RunDirectoryError.exists(path: path)
            case ENOTDIR: throw RunDirectoryError.notAFolder(path: path)
            default:
                let reason = systemReason(error.code)
                throw RunDirectoryError.notWritable(path: path, reason: reason)
            }
        }
    }

    /// Opens the folder of a run in order to continue it: locks it and removes what a killed
    /// process left half-written.
    ///
    /// Throws ``RunDirectoryError`` when there is no run or another process has it, or
    /// ``FileError``.
    public static func resume(_ path: String) throws -> RunDirectory {
        let path = try existing(path)
        let lock = try RunLock.take(in: path, run: path)
        let directory = RunDirectory(path: path, lock: lock)
        AtomicFolder.sweep(path)
        AtomicFolder.sweep(directory.checkpointsPath)
        return directory
    }

    /// Opens the folder of a run in order to read it, without a lock.
    ///
    /// Throws ``RunDirectoryError`` when there is no run.
    public static func open(_ path: String) throws -> RunDirectory {
        RunDirectory(path: try existing(path), lock: nil)
    }

    /// The run's recipe.
    ///
    /// Throws ``RecipeError``.
    public func recipe() throws -> Recipe {
        try Recipe.load(recipePath)
    }

    /// Replaces `environment.json`; the value is something that JSON can hold.
    ///
    /// Throws ``FileError``, or `EncodingError` for a value that JSON cannot hold.
    public func writeEnvironment(_ environment: some Encodable) throws {
        try Self.write(environment, to: environmentPath)
    }

    // MARK: - Creation

    private static func createNew(
        at path: String,
        recipe: Recipe,
        environment: some Encodable
    ) throws -> RunDirectory {
        let newParents = try makeParents(of: path)
        do {
            TemporaryName.sweep(besides: path)
            var lock: RunLock?
            try AtomicFolder.write(to: path, replacing: false) { folder in
                lock = try RunLock.take(in: folder, run: path)
                try fill(folder, recipe: recipe, environment: environment)
            }
            return RunDirectory(path: path, lock: lock)
        } catch {
            for parent in newParents.reversed() { rmdir(parent) }
            throw error
        }
    }

    /// Fills a folder in place: it may be a mount point, which cannot be replaced.
    private static func fillEmpty(
        _ path: String,
        recipe: Recipe,
        environment: some Encodable
    ) throws -> RunDirectory {
        guard try names(in: path).isEmpty else { throw RunDirectoryError.exists(path: path) }
        let lock = try RunLock.take(in: path, run: path)
        // Another process may have filled it, and be gone, since the first look.
        guard try names(in: path) == [lockName] else { throw RunDirectoryError.exists(path: path) }
        do {
            try fill(path, recipe: recipe, environment: environment)
            return RunDirectory(path: path, lock: lock)
        } catch {
            for name in [recipeName, environmentName, metricsName, lockName] {
                unlink(FilePath.join(path, name))
            }
            rmdir(FilePath.join(path, checkpointsName))
            throw error
        }
    }

    /// Writes the files of a new run, the recipe last: a folder without it is no run.
    private static func fill(
        _ folder: String,
        recipe: Recipe,
        environment: some Encodable
    ) throws {
        let checkpoints = FilePath.join(folder, checkpointsName)
        guard mkdir(checkpoints, 0o777) == 0 else { throw FileError("make", checkpoints) }
        try AtomicFile.write(Data(), to: FilePath.join(folder, metricsName))
        try write(environment, to: FilePath.join(folder, environmentName))
        try AtomicFile.write(recipe.yaml(), to: FilePath.join(folder, recipeName))
    }

    /// Makes the folders above a path and returns those that were not there, outermost first.
    static func makeParents(of path: String) throws -> [String] {
        var missing: [String] = []
        var parent = FilePath.parent(of: path)
        while FilePath.kind(of: parent) == nil, parent != FilePath.parent(of: parent) {
            missing.insert(parent, at: 0)
            parent = FilePath.parent(of: parent)
        }
        var made: [String] = []
        for folder in missing {
            if mkdir(folder, 0o777) == 0 {
                made.append(folder)
            } else if errno != EEXIST {
                let error = FileError("make", folder)
                for parent in made.reversed() { rmdir(parent) }
                throw error
            }
        }
        return made
    }

    private static func existing(_ path: String) throws -> String {
        let path = FilePath.trimmed(path)
        if let kind = FilePath.kind(of: path), kind != S_IFDIR {
            throw RunDirectoryError.notAFolder(path: path)
        }
        guard FilePath.kind(of: FilePath.join(path, recipeName)) == S_IFREG else {
            throw RunDirectoryError.noRun(path: path)
        }
        return path
    }

    private static func names(in path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw RunDirectoryError.notWritable(path: path, reason: "it cannot be read")
        }
    }

    private static func write(_ environment: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(environment) + Data("\n".utf8), to: path)
    }
}
