/// Where the files of a named data set may lie below a root, in folders or in an archive.
struct DataPlaces {
    /// The data set's name.
    let dataset: String
    /// The files and folders that make it, each with the names that it may have.
    let files: [[String]]
    /// Folders below a root that may hold the files; "" is the root itself.
    let folders: [String]
    /// What an archive of the files may be called; it lies in one of the folders.
    var archives: [String] = []

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
            let places = places(root)
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
            throw notFound(in: roots)
        }
    }

    /// What to say where the data set is in none of the places.
    func notFound(in roots: DataRoots) -> DataError {
        let names = firstNames.joined(separator: ", ")
        return .notFound(
            dataset: dataset,
            tried: roots.paths.flatMap(places),
            cure: "put \(([names] + archives).joined(separator: " or ")) into one of them, "
                + "set \(DataRoots.variable) to their folder, "
                + "or run 'manifold-mixup data fetch \(dataset)'"
        )
    }

    /// The folders below a root.
    func places(_ root: String) -> [String] {
        folders.map { folder in
            folder.isEmpty ? root : root.hasSuffix("/") ? root + folder : "\(root)/\(folder)"
        }
    }

    private func folder(ofArchive archive: String, unpacked root: String) throws -> String {
        guard let folder = places(root).first(where: hasFiles) else {
            throw DataError.invalidFile(
                path: archive,
                reason: "the archive holds none of \(firstNames.joined(separator: ", ")); "
                    + "get another one"
            )
        }
        try requireAll(in: folder, of: archive)
        return folder
    }

    private var firstNames: [String] { files.compactMap(\.first) }

    private func hasFiles(_ folder: String) -> Bool {
        files.contains { isAny(of: $0, in: folder) }
    }

    private func requireAll(in folder: String, of source: String) throws {
        let missing = files.filter { !isAny(of: $0, in: folder) }.compactMap(\.first)
        guard missing.isEmpty else {
            throw DataError.invalidFile(
                path: source,
                reason: "it lacks \(missing.joined(separator: ", ")); get the data set again"
            )
        }
    }

    private func isAny(of names: [String], in folder: String) -> Bool {
        names.contains { FileBytes.kind(of: "\(folder)/\($0)") != nil }
    }
}
