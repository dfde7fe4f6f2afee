import Foundation
import Glibc

/// Keeps a second process away from a run folder, for as long as this value lives.
///
/// The system drops the lock when the process ends, however it ends.
final class RunLock {
    private let file: Int32

    private init(file: Int32) {
        self.file = file
    }

    deinit { close(file) }

    /// Locks the folder's `lock` file and writes this process's id into it.
    ///
    /// Throws ``RunDirectoryError/inUse(path:process:)`` when another process has it, and
    /// ``FileError`` when the file cannot be made. `run` is the folder's name in messages.
    static func take(in folder: String, run: String) throws -> RunLock {
        let path = FilePath.join(folder, RunDirectory.lockName)
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw FileError("lock", FilePath.join(run, RunDirectory.lockName)) }
        let lock = RunLock(file: file)
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw FileError("lock", path) }
            throw RunDirectoryError.inUse(path: run, process: process(in: path))
        }
        guard ftruncate(file, 0) == 0 else { throw FileError("lock", path) }
        try FileDescriptor.writeAll(Data("\(getpid())\n".utf8), to: file, path: path)
        return lock
    }

    /// The id that the lock's holder wrote, or nil when it has not written it yet.
    private static func process(in path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
