import Foundation

/// What lies in a folder.
enum FolderListing {
    /// The names in a folder, sorted, without the hidden ones.
    ///
    /// The order is that of the characters' code points, so that it is the same in every language.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)``.
    static func names(in folder: String) throws -> [String] {
        guard FileBytes.kind(of: folder) == .typeDirectory else {
            throw DataError.unreadableFile(path: folder, reason: "there is no such folder")
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw DataError.unreadableFile(
                path: folder,
                reason: "the folder cannot be listed; check its permissions"
            )
        }
        return names.filter { !$0.hasPrefix(".") }
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }

    /// The path of something in a folder.
    static func path(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// The last part of a path, to call a data set by.
    static func name(of path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    }
}
