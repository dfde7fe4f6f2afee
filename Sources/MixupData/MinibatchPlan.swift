/// The minibatches of one epoch: which examples are in each, and how their images are changed.
///
/// Every minibatch can be made alone, in any thread and at any time, with the same result.
public struct MinibatchPlan: Sendable {
    /// The data set that the examples come from.
    public let dataset: Dataset
    private let examples: [Int]
    private let partners: [Int]?
    /// The positions of each minibatch's examples.
    private let parts: [Range<Int>]
    private let augmentation: EpochAugmentation?

    /// Plans an epoch in minibatches of one size; the last may be smaller.
    ///
    /// - Parameters:
    ///   - dataset: the data set that the examples come from.
    ///   - examples: the indices of the examples, in the order in which they are taken.
    ///   - partners: as many indices of those that are mixed into them; `nil` where an example's
    ///     partner comes from its own minibatch.
    ///   - batchSize: the number of examples in a minibatch.
    ///   - augmentation: the epoch's random changes; `nil` for none.
    /// - Throws: ``DataError/invalidPlan(dataset:reason:)`` where the batch size is below 1 or there
    ///   are more or fewer partners than examples.
    public init(
        _ dataset: Dataset,
        examples: [Int],
        partners: [Int]? = nil,
        batchSize: Int,
        augmentation: EpochAugmentation? = nil
    ) throws {
        guard batchSize >= 1 else {
            throw DataError.invalidPlan(
                dataset: dataset.name,
                reason: "a minibatch has \(batchSize) examples; give 1 or more"
            )
        }
        try self.init(
            dataset,
            examples: examples,
            partners: partners,
            parts: stride(from: 0, to: examples.count, by: batchSize).map { start in
                start..<start + min(batchSize, examples.count - start)
            },
            augmentation: augmentation
        )
    }

    /// Plans an epoch, or the part of it that one process trains on.
    ///
    /// - Parameters:
    ///   - dataset: the data set that the examples come from.
    ///   - examples: the indices of the examples, in the order in which they are taken.
    ///   - partners: as many indices of those that are mixed into them; `nil` where an example's
    ///     partner comes from its own minibatch.
    ///   - parts: for each minibatch, the positions of its examples in that order.
    ///   - augmentation: the epoch's random changes; `nil` for none.
    /// - Throws: ``DataError/invalidPlan(dataset:reason:)`` where a minibatch has positions at which
    ///   there is no example, or there are more or fewer partners than examples.
    public init(
        _ dataset: Dataset,
        examples: [Int],
        partners: [Int]? = nil,
        parts: [Range<Int>],
        augmentation: EpochAugmentation? = nil
    ) throws {
        if let part = parts.first(where: { $0.clamped(to: examples.indices) != $0 }) {
            throw DataError.invalidPlan(
                dataset: dataset.name,
                reason: "a minibatch has the positions \(part) of \(examples.count) examples"
            )
        }
        guard partners.map({ $0.count == examples.count }) ?? true else {
            throw DataError.invalidPlan(
                dataset: dataset.name,
                reason: "there are \(partners?.count ?? 0) partners for \(examples.count) examples"
            )
        }
        self.dataset = dataset
        self.examples = examples
        self.partners = partners
        self.parts = parts
        self.augmentation = augmentation
    }

    /// The number of minibatches.
    public var count: Int { parts.count }

    /// Makes one minibatch: its examples, then their partners if they have a minibatch of their own.
    ///
    /// - Parameter number: which one, `0..<count`.
    /// - Throws: ``DataError``, where an index is no example's or the data set cannot be normalised
    ///   or augmented; ``DataError/emptyMinibatch(dataset:)`` where there is no such minibatch.
    public func minibatch(_ number: Int) throws -> Minibatch {
        guard (0..<count).contains(number) else {
            throw DataError.emptyMinibatch(dataset: dataset.name)
        }
        let rows = parts[number]
        return try dataset.minibatch(
            Array(examples[rows]),
            partners: partners.map { Array($0[rows]) } ?? [],
            augmentation: augmentation
        )
    }
}
