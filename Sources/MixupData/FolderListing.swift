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

    /// The first folder that holds a data set, of each root itself and the given ones below it.
    ///
    /// - Parameters:
    ///   - dataset: what messages call the data set.
    ///   - roots: the folders to look in, most wanted first.
    ///   - below: the names of folders in a root.
    ///   - files: what may be missing, and has to be put there; the first tells that it is there.
    /// - Throws: ``DataError/notFound(dataset:tried:cure:)``.
    static func find(
        _ dataset: String,
        roots: [String],
        below: [String],
        files: [String]
    ) throws -> String {
        let places = roots.flatMap { root in [root] + below.map { path(root, $0) } }
        let found = places.first { place in
            files.prefix(1).allSatisfy { FileBytes.kind(of: path(place, $0)) != nil }
        }
        guard let found else {
            throw DataError.notFound(
                dataset: dataset,
                tried: places,
                cure: "put \(files.joined(separator: ", ")) into one of them, or set "
                    + "\(DataSource.variable) to their folder"
            )
        }
        return found
    }
}
