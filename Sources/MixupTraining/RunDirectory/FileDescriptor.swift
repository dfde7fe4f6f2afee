import Foundation
import Glibc

/// The few calls on open files that Foundation offers without a reason for their failure.
enum FileDescriptor {
    /// Writes every byte.
    ///
    /// Throws ``FileError`` naming `path`.
    static func writeAll(_ bytes: some ContiguousBytes, to file: Int32, path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let next = UnsafeRawBufferPointer(rebasing: rest)
                let count = write(file, next.baseAddress, next.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw FileError("write", path) }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Waits until what was written is on the disk.
    ///
    /// Throws ``FileError`` naming `path`.
    static func synchronise(_ file: Int32, path: String) throws {
        while fsync(file) != 0 {
            // Some file systems cannot do this to a folder, and say so with EINVAL.
            if errno == EINVAL { return }
            guard errno == EINTR else { throw FileError("write", path) }
        }
    }

    /// Waits until a file or a folder's list of names is on the disk.
    static func synchronise(path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path) }
        defer { close(file) }
        try synchronise(file, path: path)
    }
}

/// Paths and names, as the calls of the system want them.
enum FilePath {
    /// The folder that holds a path: "." for a bare name.
    static func parent(of path: String) -> String {
        // NSString's deletingLastPathComponent traps on a name of one character.
        let path = trimmed(path)
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : trimmed(String(path[..<slash]))
    }

    /// The last part of a path.
    static func name(of path: String) -> String {
        let path = trimmed(path)
        return path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// A path inside a folder.
    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// The path without the slashes at its end.
    static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.count > 1 && path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    /// The kind of what is at a path (`S_IFREG`, `S_IFDIR`, …), or nil when nothing is there.
    static func kind(of path: String, followingLinks: Bool = true) -> mode_t? {
        var status = stat()
        let result = followingLinks ? stat(path, &status) : lstat(path, &status)
        return result == 0 ? status.st_mode & S_IFMT : nil
    }
}
