@testable import MixupData

/// The content of small files in the format of CIFAR's binary version.
enum CIFARFiles {
    /// A row: its labels, then 1,024 pixels of each colour, all of one value a colour.
    static func row(_ labels: [UInt8], red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) -> [UInt8]
    {
        labels + [red, green, blue].flatMap { [UInt8](repeating: $0, count: 1024) }
    }

    /// Writes CIFAR-10: each file has one image for each label given, the training files in order.
    static func writeTen(
        to folder: TemporaryFolder,
        below place: String,
        train: [[UInt8]] = [[0], [1], [2], [3], [9, 4]],
        test: [UInt8] = [9, 0]
    ) throws {
        for (number, labels) in train.enumerated() {
            let rows = labels.flatMap { row([$0], red: UInt8(number), green: 100, blue: $0) }
            try folder.write(rows, to: "\(place)/data_batch_\(number + 1).bin")
        }
        try folder.write(test.flatMap { row([$0]) }, to: "\(place)/test_batch.bin")
    }

    /// Writes CIFAR-100: a training and a test file of (coarse, fine) labels.
    static func writeHundred(
        to folder: TemporaryFolder,
        below place: String,
        train: [[UInt8]] = [[19, 99], [0, 7]],
        test: [[UInt8]] = [[3, 50]]
    ) throws {
        try folder.write(train.flatMap { row($0, red: $0[1]) }, to: "\(place)/train.bin")
        try folder.write(test.flatMap { row($0) }, to: "\(place)/test.bin")
    }
}
