extension Recipe {
    /// Which data set to train and test on, and which part of it.
    public struct Data: Codable, Equatable, Sendable {
        /// The name of a data set, or the paths of one's own files (default: `[digits]`).
        public var source: [String]
        /// The folder in which named data sets lie (default: null, the tool's own search).
        public var directory: String?
        /// The most training examples of every class, from 1, chosen at random; nil is all of them.
        public var perClass: Int?
        /// The share of the training examples that is held out of every class for validation, 0 to
        /// below 1 (default: 0).
        ///
        /// The best epoch is chosen on them; without them it is chosen on the test set, the paper's
        /// habit.
        public var holdOut: Double
        /// Decides which examples `perClass` and `holdOut` choose (default: 0).
        ///
        /// It is apart from `training.seed`, so that trainings with several seeds share the choice.
        public var splitSeed: UInt64
        /// The threads that prepare minibatches ahead, 0 to 64; with 0 the training does it itself, as
        /// on a CPU it always does with images that are not changed at random.
        ///
        /// Default: 1. The result is the same with any number.
        public var workers: Int

        /// The section with the given values, or the defaults.
        public init(
            source: [String] = ["digits"],
            directory: String? = nil,
            perClass: Int? = nil,
            holdOut: Double = 0,
            splitSeed: UInt64 = 0,
            workers: Int = 1
        ) {
            self.source = source
            self.directory = directory
            self.perClass = perClass
            self.holdOut = holdOut
            self.splitSeed = splitSeed
            self.workers = workers
        }

        enum CodingKeys: String, SectionKey {
            case source, directory
            case perClass = "per-class"
            case holdOut = "hold-out"
            case splitSeed = "split-seed"
            case workers
        }
    }
}

extension Recipe.Data: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        source = try reader.values(.source) ?? usual.source
        directory = try reader.value(.directory)
        perClass = try reader.value(.perClass)
        holdOut = try reader.value(.holdOut) ?? usual.holdOut
        splitSeed = try reader.value(.splitSeed) ?? usual.splitSeed
        workers = try reader.value(.workers) ?? usual.workers
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        [
            (.source, source),
            (.directory, directory),
            (.perClass, perClass),
            (.holdOut, holdOut),
            (.splitSeed, splitSeed),
            (.workers, workers),
        ]
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
        try rules.require(
            perClass.map((1...Recipe.largestCount).contains) ?? true,
            .perClass,
            found: perClass,
            allowed: "a whole number from 1 to \(Recipe.largestCount), or null for all examples"
        )
        try rules.require(holdOut, in: 0..<1, .holdOut, allowed: "a number from 0 to below 1")
        try rules.require(
            splitSeed == 0 || perClass != nil || holdOut > 0,
            .splitSeed,
            found: splitSeed,
            allowed: "nothing here: without data.per-class and data.hold-out, nothing is chosen"
        )
        try rules.require(workers, in: 0...64, .workers)
    }

    /// A path can neither be empty nor hold the character that ends it.
    private func isUsable(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0)
    }
}
