import Foundation

/// What can be wrong with data that a user brings: each case prints as one line with the cause and
/// the cure.
public enum DataError: Error, Equatable {
    /// The parts of a data set do not fit together.
    case invalidDataset(name: String, reason: String)
    /// A normalisation that cannot be applied.
    case invalidNormalization(dataset: String, reason: String)
    /// A data set's examples cannot be changed at random as asked.
    case invalidAugmentation(dataset: String, reason: String)
    /// The minibatches of an epoch cannot be made as planned.
    case invalidPlan(dataset: String, reason: String)
    /// An example was asked for that the data set does not have.
    case indexOutOfRange(dataset: String, index: Int, count: Int)
    /// A minibatch of no examples was asked for.
    case emptyMinibatch(dataset: String)
    /// Training and test part do not describe the same task.
    case mismatchedSplits(train: String, test: String, reason: String)
    /// The examples cannot be divided as asked.
    case invalidSplit(reason: String)
    /// A file cannot be opened or read.
    case unreadableFile(path: String, reason: String)
    /// A file was read, and its content is not what it should be.
    case invalidFile(path: String, reason: String)
    /// A data set's files are in none of the places where they were looked for.
    case notFound(dataset: String, tried: [String], cure: String)
    /// The words after `--data` name no data set.
    case unknownSource(reason: String)
    /// A file or a data set needs a library that this program was built without.
    case missingLibrary(DataLibrary, neededFor: String)
}

extension DataError: CustomStringConvertible, LocalizedError {
    /// The message, one line.
    public var description: String { Self.oneLine(message) }

    /// The message, one line.
    public var errorDescription: String? { description }

    private var message: String {
        switch self {
        case .invalidDataset(let name, let reason):
            "data set \(name): \(reason)"
        case .invalidNormalization(let dataset, let reason):
            "data set \(dataset): the normalisation \(reason)"
        case .invalidAugmentation(let dataset, let reason), .invalidPlan(let dataset, let reason):
            "data set \(dataset): \(reason)"
        case .indexOutOfRange(let dataset, let index, let count):
            "data set \(dataset): there is no example \(index); use an index from 0 to \(count - 1)"
        case .emptyMinibatch(let dataset):
            "data set \(dataset): a minibatch needs at least one index"
        case .mismatchedSplits(let train, let test, let reason):
            "\(train) and \(test) do not belong together: \(reason)"
        case .invalidSplit(let reason):
            "cannot divide the examples: \(reason)"
        case .unreadableFile(let path, let reason), .invalidFile(let path, let reason):
            "\(path): \(reason)"
        case .notFound(let dataset, let tried, let cure):
            "\(dataset) was not found; looked in \(tried.joined(separator: ", ")); \(cure)"
        case .unknownSource(let reason):
            "\(reason); known are \(DataSource.known)"
        case .missingLibrary(let library, let name):
            "\(name): \(library.format) files need \(library), and this program was built without "
                + "it; \(DataLibrary.cure(for: [library]))"
        }
    }

    /// Paths and cells are quoted in messages, and either may hold a line break.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }
            )
        )
    }
}
