/// The two parts of a task: what a model learns from, and what it is judged by.
public struct DataSplits: Sendable {
    /// The examples to learn from.
    public let train: Dataset
    /// The examples to judge by; never trained on.
    public let test: Dataset

    /// Puts the two parts of one task together.
    ///
    /// - Throws: ``DataError/mismatchedSplits(train:test:reason:)`` where the shapes or the classes
    ///   differ, or where there are fewer than two classes to tell apart.
    public init(train: Dataset, test: Dataset) throws {
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
        self.train = train
        self.test = test
    }
}
