import Foundation

/// The content of a file, unpacked where it is a gzip file.
enum FileBytes {
    /// More than this, read or unpacked, is taken for a mistake or an attack.
    static let limit = 4 << 30

    /// Reads a regular file; one that is named `.gz` or begins like a gzip file is unpacked.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` and
    ///   ``DataError/invalidFile(path:reason:)``.
    static func read(_ path: String, limit: Int = limit) throws -> [UInt8] {
        func unreadable(_ reason: String) -> DataError {
            .unreadableFile(path: path, reason: reason)
        }
        switch kind(of: path) {
        case nil: throw unreadable("there is no such file; check the spelling")
        case .typeDirectory?: throw unreadable("this is a folder; give a file")
        case .typeRegular?: break
        default: throw unreadable("this is not a regular file; copy the data into one")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw unreadable("the file cannot be opened; check its permissions")
        }
        defer { try? file.close() }
        do {
            let size = try file.seekToEnd()
            guard size <= limit else {
                throw unreadable("the file has \(size) bytes; the limit is \(limit)")
            }
            try file.seek(toOffset: 0)
            let beginning = try file.read(upToCount: 2) ?? Data()
            try file.seek(toOffset: 0)
            if path.hasSuffix(".gz") || beginning.elementsEqual([0x1F, 0x8B]) {
                return try Gzip.unpack(file, path: path, limit: limit)
            }
            return [UInt8](try file.readToEnd() ?? Data())
        } catch let error as DataError {
            throw error
        } catch {
            throw unreadable("the file cannot be read: \(error.localizedDescription)")
        }
    }

    /// What stands at a path, links followed; nothing where there is nothing.
    static func kind(of path: String) -> FileAttributeType? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        let kind = attributes?[.type] as? FileAttributeType
        // A link that is still one leads nowhere.
        return kind == .typeSymbolicLink ? nil : kind
    }
}
