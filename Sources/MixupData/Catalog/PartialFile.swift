import Foundation
import Glibc

/// What has arrived of a file, beside its final name; one process at a time writes it.
final class PartialFile {
    /// Where it is.
    let path: String
    /// Its final name.
    let target: String
    /// The number of bytes that are there.
    private(set) var size = 0
    private let file: Int32
    /// The folders that were made for it, the innermost first.
    private let newFolders: [String]

    /// Opens what an earlier try left for `target`, or starts with nothing.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` where another process writes it, or the
    ///   system refuses.
    init(target: String) throws {
        self.target = target
        path = "\(target).partial"
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        newFolders = Self.missingFolders(above: target)
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
        } catch {
            throw DataError.unreadableFile(
                path: folder,
                reason: "the folder cannot be made (\(error.localizedDescription)); "
                    + "choose another by --data-dir"
            )
        }
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        file = open(path, flags, 0o666)
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0 else { throw refusal("be written") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DataError.unreadableFile(path: path, reason: "it is no file; move it away")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            throw DataError.unreadableFile(
                path: path,
                reason: "another process is fetching it; wait for it, or stop it"
            )
        }
        size = Int(lseek(file, 0, SEEK_END))
    }

    deinit { if file >= 0 { close(file) } }

    /// Adds bytes at the end.
    func append(_ bytes: Data) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let next = UnsafeRawBufferPointer(rebasing: rest)
                let count = write(file, next.baseAddress, next.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw refusal("be written") }
                size += count
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Throws everything away that has arrived.
    func empty() throws {
        guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else {
            throw refusal("be emptied")
        }
        size = 0
    }

    /// Gives the file its final name, after the disk has all of it.
    func finish() throws {
        guard fsync(file) == 0, rename(path, target) == 0 else { throw refusal("be kept") }
    }

    /// Removes the file, and the folders that were made for it if nothing else is in them.
    func remove() {
        unlink(path)
        for folder in newFolders where rmdir(folder) != 0 { return }
    }

    private static func missingFolders(above path: String) -> [String] {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        while folder.path != "/", FileBytes.kind(of: folder.path) == nil {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        return missing
    }

    private func refusal(_ action: String) -> DataError {
        let cure =
            errno == ENOSPC || errno == EDQUOT
            ? "free some space and fetch again, which goes on from here"
            : "choose another folder by --data-dir"
        return .unreadableFile(
            path: path,
            reason: "it cannot \(action) (\(String(cString: strerror(errno)))); \(cure)"
        )
    }
}
