import Foundation

/// A data set that has a name here: what it holds, where it may lie, and who publishes it.
public struct KnownDataSet: Sendable {
    /// What it is called after `--data`.
    public let name: String
    /// The task in a few words, such as "handwritten digits".
    public let task: String
    /// The shape of one example, [channels, height, width].
    public let shape: [Int]
    /// The number of classes.
    public let classCount: Int
    /// The number of training examples.
    public let trainCount: Int
    /// The number of test examples.
    public let testCount: Int
    /// The address of the folder in which the publisher offers the files; nil for what is built in.
    public let address: String?
    /// The publisher's files, to be fetched.
    let files: [PublishedFile]
    /// Files inside the publisher's archive whose check sums are known.
    var members: [PublishedFile] = []
    /// Where the files may lie; nil for what is built in.
    let places: DataPlaces?

    /// The number of bytes to fetch.
    public var downloadSize: Int { files.reduce(0) { $0 + $1.size } }

    /// The known data set of that name, or nil.
    public static func named(_ name: String) -> KnownDataSet? {
        all.first { $0.name == name }
    }

    /// The folder or archive from which the data set would be loaded, or nil where it is not here.
    ///
    /// - Parameter dataDirectory: where to look first, then where ``DataSource`` looks.
    public func location(dataDirectory: String?) -> String? {
        places?.find(in: Self.roots(dataDirectory))?.path
    }

    static func roots(_ dataDirectory: String?) -> DataRoots {
        DataRoots(option: dataDirectory, environment: ProcessInfo.processInfo.environment)
    }
}
