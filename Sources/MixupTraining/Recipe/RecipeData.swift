extension Recipe {
    /// Which data set to train and test on.
    public struct Data: Codable, Equatable, Sendable {
        /// The name of a data set, or the paths of one's own files (default: `[digits]`).
        public var source: [String]
        /// The folder in which named data sets lie (default: null, the tool's own search).
        public var directory: String?

        /// The section with the given values, or the defaults.
        public init(source: [String] = ["digits"], directory: String? = nil) {
            self.source = source
            self.directory = directory
        }

        enum CodingKeys: String, SectionKey {
            case source, directory
        }
    }
}

extension Recipe.Data: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        source = try reader.values(.source) ?? usual.source
        directory = try reader.value(.directory)
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        [(.source, source), (.directory, directory)]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(
            !source.isEmpty && source.allSatisfy(isUsable),
            .source,
            found: source,
            allowed: "the name of a data set, such as digits, or paths of files"
        )
        try rules.require(
            directory.map(isUsable) ?? true,
            .directory,
            found: directory,
            allowed: "the path of a folder, or null"
        )
    }

    /// A path can neither be empty nor hold the character that ends it.
    private func isUsable(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0)
    }
}
