import Foundation
import Glibc

/// Points symbolic links somewhere else without a moment in which they point nowhere.
public enum Symlink {
    /// Makes `path` a link to `target`, whatever link or file it was before.
    ///
    /// `target` is taken as it is, so a relative one is relative to the link's own folder.
    /// Throws ``FileError``, naming `path`; what was there before is then unchanged.
    public static func replace(_ path: String, target: String) throws {
        let temporary = TemporaryName.beside(path)
        guard symlink(target, temporary) == 0 else { throw FileError("link", path) }
        guard rename(temporary, path) == 0 else {
            let error = FileError("link", path)
            unlink(temporary)
            throw error
        }
        try FileDescriptor.synchronise(path: FilePath.parent(of: path))
    }

    /// Where the link at `path` points, or nil when there is no link.
    public static func target(of path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }
}
