/// Where the files of a named data set may lie below a root, in folders or in an archive.
struct DataPlaces {
    /// The data set's name.
    let dataset: String
    /// The files and folders that make it.
    let files: [String]
    /// Folders below a root that may hold the files; "" is the root itself.
    let folders: [String]
    /// What an archive of the files may be called; it lies in one of the folders.
    let archives: [String]

    /// Where a data set was found.
    enum Finding: Equatable {
        /// A folder with some of the files, or all.
        case folder(String)
        /// An archive by its name.
        case archive(String)

        /// The path.
        var path: String {
            switch self {
            case .folder(let path), .archive(let path): path
            }
        }
    }

    /// The first place with any of the files or an archive; a folder goes before an archive.
    func find(in roots: DataRoots) -> Finding? {
        for root in roots.paths {
            let places = folders.map { Self.joined(root, $0) }
            if let folder = places.first(where: hasFiles) { return .folder(folder) }
            let candidates = places.flatMap { place in archives.map { "\(place)/\($0)" } }
            if let archive = candidates.first(where: { FileBytes.kind(of: $0) != nil }) {
                return .archive(archive)
            }
        }
        return nil
    }

    /// The folder that holds all the files; an archive is unpacked first.
    ///
    /// - Parameters:
    ///   - roots: where to look.
    ///   - unpack: gives the folder of an unpacked archive after the check it is handed.
    /// - Throws: ``DataError``.
    func folder(
        in roots: DataRoots,
        unpack: (String, (String) throws -> Void) throws -> String = {
            try Archive(path: $0).unpacked(check: $1)
        }
    ) throws -> String {
        switch find(in: roots) {
        case .folder(let folder):
            try requireAll(in: folder, of: folder)
            return folder
        case .archive(let archive):
            let root = try unpack(archive) { _ = try folder(ofArchive: archive, unpacked: $0) }
            return try folder(ofArchive: archive, unpacked: root)
        case nil:
            throw DataError.notFound(
                dataset: dataset,
                tried: roots.paths.flatMap { root in folders.map { Self.joined(root, $0) } },
                cure: "put \(files.joined(separator: ", ")) or \(archives.joined(separator: ", ")) "
                    + "into one of them, set \(DataRoots.variable) to their folder, "
                    + "or let 'manifold-mixup data fetch \(dataset)' get it"
            )
        }
    }

    private func folder(ofArchive archive: String, unpacked root: String) throws -> String {
        let places = folders.map { Self.joined(root, $0) }
        guard let folder = places.first(where: hasFiles) else {
            throw DataError.invalidFile(
                path: archive,
                reason: "the archive holds none of \(files.joined(separator: ", ")); "
                    + "get another one"
            )
        }
        try requireAll(in: folder, of: archive)
        return folder
    }

    private func hasFiles(_ folder: String) -> Bool {
        files.contains { FileBytes.kind(of: "\(folder)/\($0)") != nil }
    }

    private func requireAll(in folder: String, of source: String) throws {
        let missing = files.filter { FileBytes.kind(of: "\(folder)/\($0)") == nil }
        guard missing.isEmpty else {
            throw DataError.invalidFile(
                path: source,
                reason: "it lacks \(missing.joined(separator: ", ")); get the data set again"
            )
        }
    }

    private static func joined(_ root: String, _ folder: String) -> String {
        if folder.isEmpty { return root }
        return root.hasSuffix("/") ? root + folder : "\(root)/\(folder)"
    }
}
