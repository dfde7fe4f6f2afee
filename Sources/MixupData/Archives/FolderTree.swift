import Foundation
import Glibc

/// What an archive left in a folder, looked at without following a link.
enum FolderTree {
    /// Throws where the folder holds anything but files and folders of its own.
    ///
    /// A link may point at a file of the user's, and a pipe or device may never end. Files that
    /// the archive wanted hidden from its owner are made readable.
    static func requirePlain(_ folder: String, archive: String) throws {
        try visit(folder) { path, status in
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                break
            case S_IFREG where status.st_nlink == 1:
                if status.st_mode & 0o400 == 0 { chmod(path, 0o600) }
            default:
                throw DataError.invalidFile(
                    path: archive,
                    reason: "it holds \(path.dropFirst(folder.count + 1)), a link or a device; "
                        + "only files and folders are taken from an archive"
                )
            }
        }
    }

    /// The number of bytes of all files.
    static func size(_ folder: String) throws -> Int {
        var size = 0
        try visit(folder) { _, status in
            if status.st_mode & S_IFMT == S_IFREG {
                size = size.addingReportingOverflow(Int(status.st_size)).partialValue
            }
        }
        return size
    }

    /// Removes a folder with everything in it; what cannot be removed stays.
    static func remove(_ folder: String) {
        // Folders without permissions cannot be emptied; the visit gives them.
        try? visit(folder) { _, _ in }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Calls `body` for everything below a folder, each folder before what it holds.
    private static func visit(_ folder: String, _ body: (String, stat) throws -> Void) throws {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            var status = stat()
            // While a program is at work here, names come and go.
            guard lstat(path, &status) == 0 else { continue }
            try body(path, status)
            guard status.st_mode & S_IFMT == S_IFDIR else { continue }
            if status.st_mode & 0o700 != 0o700 { chmod(path, 0o700) }
            try visit(path, body)
        }
    }
}
