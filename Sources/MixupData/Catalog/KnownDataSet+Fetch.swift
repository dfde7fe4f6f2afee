extension KnownDataSet {
    /// How far a fetch is.
    public struct FetchProgress: Equatable, Sendable {
        /// The file.
        public let file: String
        /// The number of bytes of it that are here.
        public let received: Int
        /// The number of bytes it has in all.
        public let size: Int
    }

    /// Fetches the publisher's files into the folder of that name in a folder of data sets.
    ///
    /// Files that are there already and right are left alone; a fetch that was cut off goes on from
    /// where it was. A file gets its name only after its size and check sum were found right.
    ///
    /// - Parameters:
    ///   - dataDirectory: the folder of data sets; where it is nil, the one that the environment
    ///     variable `MANIFOLD_MIXUP_DATA` names, otherwise `./data`.
    ///   - address: the folder to fetch from, in place of the publisher's.
    ///   - progress: receives the state after every piece that has arrived.
    /// - Returns: the paths of the files.
    /// - Throws: ``DataError``.
    public func fetch(
        into dataDirectory: String?,
        from address: String? = nil,
        progress: (FetchProgress) -> Void = { _ in }
    ) throws -> [String] {
        guard let base = address ?? self.address, let root = Self.roots(dataDirectory).paths.first
        else { return [] }
        return try files.map { file in
            let download = Download(
                file: file,
                address: base.hasSuffix("/") ? base + file.name : "\(base)/\(file.name)",
                folder: "\(root)/\(name)"
            )
            let isNew = try download.run { received in
                progress(FetchProgress(file: file.name, received: received, size: file.size))
            }
            DataNotice.say(
                isNew
                    ? "\(download.target): \(file.size) bytes, \(file.checksum.kind) as published"
                    : "\(download.target) is here already, as published"
            )
            return download.target
        }
    }
}
