import Foundation

/// Makes data sets of tables: labels become classes, columns are standardised.
enum TableSource {
    /// Loads a training table and a test table.
    static func load(train trainPath: String, test testPath: String) throws -> DataSplits {
        let train = try Table(path: trainPath)
        let test = try Table(path: testPath)
        guard train.columnCount == test.columnCount else {
            throw DataError.invalidFile(
                path: testPath,
                reason: "there are \(test.columnCount) columns before the label; "
                    + "\(trainPath) has \(train.columnCount)"
            )
        }
        let classes = try Classes(of: train)
        return try standardised(
            train: dataset(train, classes, name: fileName(trainPath)),
            test: dataset(test, classes, name: fileName(testPath))
        )
    }

    /// Loads one table and sets a quarter of every class aside for testing, always the same.
    static func load(_ path: String) throws -> DataSplits {
        let table = try Table(path: path)
        let classes = try Classes(of: table)
        let whole = try dataset(table, classes, name: fileName(path))
        for (label, count) in whole.classCounts.enumerated() where count < 2 {
            throw DataError.invalidFile(
                path: path,
                reason: "class '\(classes.names[label])' has a single row; "
                    + "add rows, or give a training and a test table"
            )
        }
        let parts = try StratifiedSplit.indices(labels: whole.labels, testFraction: 0.25, seed: 0)
        return try standardised(
            train: whole.subset(parts.train, name: "\(whole.name) train"),
            test: whole.subset(parts.test, name: "\(whole.name) test")
        )
    }

    private static func dataset(_ table: Table, _ classes: Classes, name: String) throws -> Dataset
    {
        try Dataset(
            name: name,
            shape: [table.columnCount],
            classNames: classes.names,
            labels: classes.labels(of: table),
            features: .floats(table.features),
            normalization: Normalization()
        )
    }

    /// The test part is standardised with the training part's statistics: it must tell nothing.
    private static func standardised(train: Dataset, test: Dataset) throws -> DataSplits {
        var (train, test) = (train, test)
        train.normalization = train.measuredNormalization()
        test.normalization = train.normalization
        return try DataSplits(train: train, test: test)
    }

    private static func fileName(_ path: String) -> String {
        URL(fileURLWithPath: path).lastPathComponent
    }
}

/// The classes that a table's labels stand for.
private struct Classes {
    /// The names, whole numbers by size and words by the alphabet.
    let names: [String]
    private let indices: [String: Int]
    private let areNumbers: Bool
    private let source: String

    init(of table: Table) throws {
        source = table.path
        let numbers = table.labels.map { Double($0) }
        areNumbers = numbers.allSatisfy { $0 != nil }
        // Unquoted numbers as column names look like data; only their label gives them away.
        if !areNumbers, numbers.count > 1, numbers[0] == nil,
            numbers.dropFirst().allSatisfy({ $0 != nil })
        {
            throw DataError.invalidFile(
                path: table.path,
                reason: "line \(table.lines[0]): the label is '\(table.labels[0])' and all others "
                    + "are numbers; remove the line if it holds the columns' names"
            )
        }
        if areNumbers {
            let whole = try Set(table.labels.indices.map { try Self.wholeNumber(table, row: $0) })
            names = whole.sorted().map { String($0) }
        } else {
            names = Set(table.labels).sorted()
        }
        indices = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        guard names.count > 1 else {
            throw DataError.invalidFile(
                path: table.path,
                reason: "every label is '\(names[0])'; a classifier needs two classes or more"
            )
        }
    }

    /// The class of each row of a table.
    func labels(of table: Table) throws -> [Int] {
        try table.labels.indices.map { row in
            let isNumber = areNumbers && Double(table.labels[row]) != nil
            let name =
                isNumber ? String(try Self.wholeNumber(table, row: row)) : table.labels[row]
            guard let index = indices[name] else {
                throw DataError.invalidFile(
                    path: table.path,
                    reason: "line \(table.lines[row]): the class '\(name)' does not occur in "
                        + source
                )
            }
            return index
        }
    }

    private static func wholeNumber(_ table: Table, row: Int) throws -> Int {
        guard let number = Double(table.labels[row]).flatMap({ Int(exactly: $0) }) else {
            throw DataError.invalidFile(
                path: table.path,
                reason: "line \(table.lines[row]): the label '\(table.labels[row])' is no class; "
                    + "give whole numbers or words in the last column"
            )
        }
        return number
    }
}
