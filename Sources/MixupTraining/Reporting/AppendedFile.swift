import Foundation
import Glibc

/// A file that grows by whole pieces: one that cannot be written leaves nothing of itself behind.
final class AppendedFile {
    private let path: String
    private let file: Int32

    /// Opens the file at its end, making it where there is none.
    ///
    /// Throws ``FileError``.
    init(path: String) throws {
        self.path = path
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw FileError("open", path) }
        self.file = file
    }

    deinit { close(file) }

    /// Adds a piece, handed to the system at once.
    ///
    /// Throws ``FileError``.
    func append(_ piece: some ContiguousBytes) throws {
        let end = lseek(file, 0, SEEK_END)
        do {
            try FileDescriptor.writeAll(piece, to: file, path: path)
        } catch {
            ftruncate(file, end)
            throw error
        }
    }
}
