import Foundation

/// Data sets that are too large for the repository; they may stand beside the package's folder.
enum SharedData {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("../shared/data").standardizedFileURL.path

    static let hasMNIST = exists("mnist/train-images-idx3-ubyte.gz")
    static let hasDigits = exists("digits/digits.csv.gz")
    static let hasCIFAR10 = exists("cifar-10/cifar-10-binary.tar.xz")

    private static func exists(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(file)")
    }
}
