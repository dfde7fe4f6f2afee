/// Divides examples into a training and a test part with the same share of every class in both.
public enum StratifiedSplit {
    /// Divides the examples with these labels; the same seed always gives the same division.
    ///
    /// Each class gives its share of the test part rounded down; the classes with the largest
    /// remainders give one more until the test part has `labels.count * testFraction` examples,
    /// rounded to a whole number. A class always keeps at least one example to learn from.
    ///
    /// - Parameters:
    ///   - labels: the class of each example, from 0; a class that does not occur is no trouble.
    ///   - testFraction: the share of the test part, above 0 and below 1.
    ///   - seed: decides which examples of a class are taken.
    /// - Returns: the indices of both parts, each in ascending order.
    /// - Throws: ``DataError/invalidSplit(reason:)`` where the share is not possible, a label is
    ///   negative, a class has a single example, or a part would be empty.
    public static func indices(
        labels: [Int],
        testFraction: Double,
        seed: UInt64
    ) throws -> (train: [Int], test: [Int]) {
        guard testFraction > 0, testFraction < 1 else {
            throw DataError.invalidSplit(
                reason: "the share to set aside is \(testFraction); it must lie between 0 and 1"
            )
        }
        var members: [Int: [Int]] = [:]
        for (index, label) in labels.enumerated() { members[label, default: []].append(index) }
        let classes = members.sorted { $0.key < $1.key }
        for (label, indices) in classes {
            guard label >= 0 else {
                throw DataError.invalidSplit(reason: "a label is \(label); labels start at 0")
            }
            guard indices.count > 1 else {
                throw DataError.invalidSplit(
                    reason: "class \(label) has a single example; it needs two or more"
                )
            }
        }
        let sizes = try testSizes(classes.map(\.value.count), fraction: testFraction)

        var generator = SplitMix64(seed: seed)
        var train: [Int] = []
        var test: [Int] = []
        for ((_, indices), size) in zip(classes, sizes) {
            let shuffled = generator.permutation(of: indices.count).map { indices[$0] }
            test += shuffled.prefix(size)
            train += shuffled.dropFirst(size)
        }
        return (train.sorted(), test.sorted())
    }

    /// Chooses at most `count` examples of every class; the same seed always gives the same choice,
    /// and a smaller choice is a part of a larger one.
    ///
    /// - Parameters:
    ///   - labels: the class of each example.
    ///   - count: the most examples of a class; of one that has fewer, all are chosen.
    ///   - seed: decides which examples of a class are chosen.
    /// - Returns: the indices of the chosen examples in ascending order.
    /// - Throws: ``DataError/invalidSplit(reason:)`` where `count` is below 1.
    public static func indices(labels: [Int], perClass count: Int, seed: UInt64) throws -> [Int] {
        guard count >= 1 else {
            throw DataError.invalidSplit(
                reason: "\(count) examples of every class are asked for; it must be 1 or more"
            )
        }
        let members = Dictionary(grouping: labels.indices, by: { labels[$0] })
        let chosen = members.flatMap { label, indices in
            // A sequence for each class, so that one class's size decides nothing about another.
            var generator = SplitMix64(seed: seed).branch(UInt64(truncatingIfNeeded: label))
            return generator.permutation(of: indices.count).prefix(count).map { indices[$0] }
        }
        return chosen.sorted()
    }

    /// How many examples of each class are tested on: the method of largest remainders.
    private static func testSizes(_ counts: [Int], fraction: Double) throws -> [Int] {
        let total = counts.reduce(0, +)
        let wanted = Int((Double(total) * fraction).rounded())
        guard wanted > 0, wanted < total else {
            throw DataError.invalidSplit(
                reason: "\(total) examples are too few to set a share of \(fraction) aside"
            )
        }
        let shares = counts.map { Double($0) * fraction }
        var sizes = zip(shares, counts).map { share, count in min(Int(share), count - 1) }
        let remainders = zip(shares, sizes).map { share, size in share - Double(size) }
        let byRemainder = counts.indices.sorted { first, second in
            (remainders[second], first) < (remainders[first], second)
        }
        var missing = wanted - sizes.reduce(0, +)
        for index in byRemainder where missing > 0 && sizes[index] + 1 < counts[index] {
            sizes[index] += 1
            missing -= 1
        }
        guard missing == 0 else {
            throw DataError.invalidSplit(
                reason: "a share of \(fraction) set aside leaves a class without training examples"
            )
        }
        return sizes
    }
}
