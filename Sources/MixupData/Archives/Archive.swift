import Foundation

/// An archive of a data set, unpacked once by the system's `tar` or `unzip`.
struct Archive {
    /// The file, as the user or the search wrote it.
    let path: String
    /// More than this many bytes, unpacked, are taken for a mistake or an attack.
    var limit = 16 << 30
    /// Where unpacked archives are kept.
    var cache = UnpackingCache(environment: ProcessInfo.processInfo.environment)
    /// Where programs are looked for.
    var environment = ProcessInfo.processInfo.environment

    /// The folder that holds what the archive holds, regular files and folders only.
    ///
    /// - Parameter check: looks at the unpacked content; where it throws, nothing is kept.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` where a program is missing or the cache
    ///   cannot be written, ``DataError/invalidFile(path:reason:)`` where the archive is damaged,
    ///   holds links or devices, or is too large, and what `check` throws.
    func unpacked(check: (String) throws -> Void) throws -> String {
        let name = URL(fileURLWithPath: path).lastPathComponent
        return try cache.folder(
            "\(name)-\(try version())",
            archive: path,
            isWhole: { (try? check($0)) != nil }
        ) { folder in
            try unpack(into: folder)
            try FolderTree.requirePlain(folder, archive: path)
            try requireSize(of: folder)
            try check(folder)
        }
    }

    /// The size and the time of the last change, by which a replaced archive is noticed.
    private func version() throws -> String {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard FileBytes.kind(of: target) == .typeRegular,
            let attributes = try? FileManager.default.attributesOfItem(atPath: target),
            let size = attributes[.size] as? Int,
            let time = attributes[.modificationDate] as? Date
        else {
            throw DataError.unreadableFile(path: path, reason: "there is no such file")
        }
        return "\(size)-\(String(format: "%.6f", time.timeIntervalSince1970))"
    }

    private func unpack(into folder: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw DataError.unreadableFile(
                path: path,
                reason: "the file cannot be opened; check its permissions"
            )
        }
        defer { try? file.close() }
        guard let format = try ArchiveFormat(of: file) else {
            throw DataError.invalidFile(
                path: path,
                reason: "this is neither a tar (.gz, .xz, .bz2) nor a zip archive; get it again"
            )
        }
        let programs = format.programs(environment: environment)
        for program in programs { try program.require(for: path) }
        DataNotice.say("unpacking \(path) into \(cache.path), once")
        let outcome = try programs[0].run(
            format.arguments(path: path),
            input: format == .zip ? .nullDevice : file,
            in: folder,
            path: path,
            watch: { try requireSize(of: folder) }
        )
        guard outcome.isSuccess else { throw failure(programs[0].name, outcome) }
    }

    private func requireSize(of folder: String) throws {
        guard try FolderTree.size(folder) <= limit else {
            throw DataError.invalidFile(
                path: path,
                reason: "unpacked, it is larger than the limit of \(limit) bytes"
            )
        }
    }

    private func failure(_ program: String, _ outcome: SystemProgram.Outcome) -> DataError {
        let fullDisk = ["No space left", "Wrote only", "disk full", "quota exceeded"]
        if fullDisk.contains(where: { outcome.complaint.contains($0) }) {
            return .unreadableFile(
                path: path,
                reason: "there is no room to unpack it in \(cache.path); "
                    + "free some, or set XDG_CACHE_HOME"
            )
        }
        return .invalidFile(
            path: path,
            reason: "\(program) cannot unpack it (\(outcome.complaint)); "
                + "the file is damaged, get it again"
        )
    }
}
