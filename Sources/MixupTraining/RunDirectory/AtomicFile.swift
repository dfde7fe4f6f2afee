import Foundation
import Glibc

/// Writes files so that a reader sees the old content or the new one, whatever happens.
public enum AtomicFile {
    /// Writes the data under another name, waits for the disk, and renames it to `path`.
    ///
    /// A crash at any moment leaves what was there before, beside at most a hidden `.partial`
    /// file. A failure removes that file too and throws ``FileError``, naming `path`.
    public static func write(_ data: Data, to path: String) throws {
        let temporary = TemporaryName.beside(path)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw FileError("write", path) }
        do {
            do {
                try FileDescriptor.writeAll(data, to: file, path: path)
                try FileDescriptor.synchronise(file, path: path)
            } catch {
                close(file)
                throw error
            }
            // Network file systems may keep a full disk to themselves until here.
            guard close(file) == 0 || errno == EINTR else { throw FileError("write", path) }
            guard rename(temporary, path) == 0 else { throw FileError("write", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try FileDescriptor.synchronise(path: FilePath.parent(of: path))
    }

    /// Writes the text as UTF-8.
    ///
    /// Throws ``FileError``, naming `path`.
    public static func write(_ text: String, to path: String) throws {
        try write(Data(text.utf8), to: path)
    }
}
