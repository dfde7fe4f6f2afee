import Foundation
import Glibc

/// Writes folders of several files so that a reader sees all of them or none.
public enum AtomicFolder {
    /// Lets `fill` write files into a hidden folder, waits for the disk, and renames it to `path`.
    ///
    /// `fill` receives the path of the hidden folder, which is empty. A folder that is at `path`
    /// already stays until the new one takes its place, or is an error where `replacing` is
    /// false and there is something in it. A failure, also one that `fill` throws, removes the
    /// hidden folder; a crash leaves it for ``sweep(_:)``.
    /// Throws ``FileError``, naming `path` or the file inside it, or what `fill` throws.
    public static func write(
        to path: String,
        replacing: Bool = true,
        fill: (String) throws -> Void
    ) throws {
        let target = FilePath.trimmed(path)
        let temporary = TemporaryName.beside(target)
        guard mkdir(temporary, 0o777) == 0 else { throw FileError("write", target) }
        do {
            try fill(temporary)
            try synchronise(temporary)
            try move(temporary, to: target, replacing: replacing)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
        try FileDescriptor.synchronise(path: FilePath.parent(of: target))
    }

    /// Removes the hidden files and folders that killed processes left in a folder.
    ///
    /// Call it only where nobody else writes, as when the run's lock is held.
    public static func sweep(_ folder: String) {
        TemporaryName.sweep(folder)
    }

    /// Waits for every file and folder inside, then for the folder itself.
    private static func synchronise(_ folder: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let path = FilePath.join(folder, name)
            switch FilePath.kind(of: path, followingLinks: false) {
            case S_IFDIR: try synchronise(path)
            case S_IFREG: try FileDescriptor.synchronise(path: path)
            default: break
            }
        }
        try FileDescriptor.synchronise(path: folder)
    }

    private static func move(_ temporary: String, to target: String, replacing: Bool) throws {
        if rename(temporary, target) == 0 { return }
        guard replacing, errno == ENOTEMPTY || errno == EEXIST else {
            throw FileError("write", target)
        }
        try exchange(temporary, target)
        // The old content now has the hidden name; it is no longer needed.
        try FileManager.default.removeItem(atPath: temporary)
    }

    /// Swaps two folders' names in one operation, or in two where the file system has no such.
    private static func exchange(_ temporary: String, _ target: String) throws {
        if let renameExchange, renameExchange(AT_FDCWD, temporary, AT_FDCWD, target, 2) == 0 {
            return
        }
        let aside = TemporaryName.beside(target)
        guard rename(target, aside) == 0 else { throw FileError("replace", target) }
        guard rename(temporary, target) == 0 else {
            let error = FileError("replace", target)
            rename(aside, target)
            throw error
        }
        rename(aside, temporary)
    }

    private typealias RenameAt2 =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32

    /// glibc's `renameat2`, whose flag 2 exchanges two names; its header is not importable.
    private static let renameExchange: RenameAt2? = dlsym(nil, "renameat2").map {
        unsafeBitCast($0, to: RenameAt2.self)
    }
}
