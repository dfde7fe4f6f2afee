/// How the examples of an epoch are divided: into steps, and the minibatch of each step into parts.
///
/// A part is what one rank computes the gradients of at once. Every example is in exactly one part. The
/// last step of an epoch may have fewer examples, which are divided evenly.
struct EpochDivision: Sendable, Equatable {
    /// The number of examples.
    let exampleCount: Int
    /// The number of examples in a part, except in the last step.
    let batchSize: Int
    /// The number of parts of a step: ranks × accumulated minibatches.
    let partCount: Int

    /// - Throws: `TrainingError` where a part of the last step would have no example.
    init(exampleCount: Int, batchSize: Int, partCount: Int) throws(TrainingError) {
        self.exampleCount = exampleCount
        self.batchSize = batchSize
        self.partCount = partCount
        guard smallestPart > 0 else {
            throw .impossible(
                "the last minibatch of an epoch has \(rows(ofStep: stepCount - 1).count) examples "
                    + "for \(partCount) parts (ranks × training.accumulate); choose another "
                    + "training.batch-size"
            )
        }
    }

    /// The number of examples in a step, except in the last.
    var stepSize: Int {
        let (size, overflow) = batchSize.multipliedReportingOverflow(by: partCount)
        return overflow ? .max : size
    }

    /// The number of steps.
    var stepCount: Int { exampleCount / stepSize + (exampleCount % stepSize == 0 ? 0 : 1) }

    /// The smallest number of examples in a part.
    var smallestPart: Int { rows(ofStep: stepCount - 1).count / partCount }

    /// The positions, in the epoch's order, of a step's examples.
    func rows(ofStep step: Int) -> Range<Int> {
        let start = step * stepSize
        return start..<start + min(stepSize, exampleCount - start)
    }

    /// The positions, in the epoch's order, of the examples of a step's part.
    func rows(ofStep step: Int, part: Int) -> Range<Int> {
        let rows = rows(ofStep: step)
        let (size, rest) = rows.count.quotientAndRemainder(dividingBy: partCount)
        let start = rows.lowerBound + part * size + min(part, rest)
        return start..<start + size + (part < rest ? 1 : 0)
    }
}
