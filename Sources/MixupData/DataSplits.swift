/// The parts of a task: what a model learns from, what it is chosen by, and what it is judged by.
public struct DataSplits: Sendable {
    /// The examples to learn from.
    public let train: Dataset
    /// The examples to choose an epoch or a setting by, held out of the training part; `nil` where
    /// nothing is held out.
    public let validation: Dataset?
    /// The examples to judge by; never trained on.
    public let test: Dataset

    /// Puts the parts of one task together.
    ///
    /// - Parameters:
    ///   - train: the examples to learn from.
    ///   - validation: the examples to choose by, if there are any.
    ///   - test: the examples to judge by.
    /// - Throws: ``DataError/mismatchedSplits(train:test:reason:)`` where the shapes or the classes
    ///   differ, or where there are fewer than two classes to tell apart.
    public init(train: Dataset, validation: Dataset? = nil, test: Dataset) throws {
        if let validation { try Self.check(train, validation) }
        try Self.check(train, test)
        self.train = train
        self.validation = validation
        self.test = test
    }

    private static func check(_ train: Dataset, _ test: Dataset) throws {
        func mismatched(_ reason: String) -> DataError {
            .mismatchedSplits(train: train.name, test: test.name, reason: reason)
        }
        guard train.shape == test.shape else {
            throw mismatched(
                "an example has shape \(train.shape) in the one and \(test.shape) in the other"
            )
        }
        guard train.classNames == test.classNames else {
            throw mismatched("they name different classes")
        }
        guard train.classCount > 1 else {
            throw mismatched("they have one class only; a classifier needs two or more")
        }
    }
}

extension DataSplits {
    /// The same task with at most `count` training examples of every class, chosen at random.
    ///
    /// With the same seed, a smaller choice is a part of a larger one. A class that has fewer
    /// examples keeps them all, and the other parts stay as they are.
    ///
    /// - Parameters:
    ///   - count: the most examples of a class, 1 or more.
    ///   - seed: decides which examples are chosen.
    /// - Throws: ``DataError/invalidSplit(reason:)`` where `count` is below 1.
    public func limited(perClass count: Int, seed: UInt64) throws -> DataSplits {
        let chosen = try StratifiedSplit.indices(labels: train.labels, perClass: count, seed: seed)
        guard chosen.count < train.count else { return self }
        return try DataSplits(train: train.subset(chosen), validation: validation, test: test)
    }

    /// The same task with a share of every class of the training part held out for validation.
    ///
    /// The normalisation stays that of the whole training part.
    ///
    /// - Parameters:
    ///   - share: the share of the training part that is held out, above 0 and below 1.
    ///   - seed: decides which examples are held out.
    /// - Throws: ``DataError/invalidSplit(reason:)`` where the training part cannot be divided so.
    public func holdingOut(_ share: Double, seed: UInt64) throws -> DataSplits {
        let parts = try StratifiedSplit.indices(
            labels: train.labels,
            testFraction: share,
            seed: seed
        )
        return try DataSplits(
            train: train.subset(parts.train),
            validation: train.subset(parts.test, name: "\(train.name), held out"),
            test: test
        )
    }
}
