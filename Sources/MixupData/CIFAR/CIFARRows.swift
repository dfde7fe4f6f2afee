/// One file of the binary version of CIFAR: rows of one or two labels and 3 × 32 × 32 pixels.
///
/// CIFAR-10 has one label; CIFAR-100 has a coarse one of 20 before the fine one. The pixels are
/// 1,024 red, 1,024 green, and 1,024 blue ones, each colour row by row.
struct CIFARRows {
    /// The shape of an image.
    static let shape = [3, 32, 32]
    private static let pixelCount = 3 * 32 * 32

    /// The class of each image, the fine one where there are two.
    private(set) var labels: [Int] = []
    /// The pixels of all images.
    private(set) var pixels: [UInt8] = []

    /// No rows.
    init() {}

    /// Adds the rows of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - classCounts: the number of classes of each label, the last one is kept.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` and
    ///   ``DataError/invalidFile(path:reason:)``.
    mutating func append(path: String, classCounts: [Int]) throws {
        func invalid(_ reason: String) -> DataError { .invalidFile(path: path, reason: reason) }
        let bytes = try FileBytes.read(path)
        let rowSize = classCounts.count + Self.pixelCount
        guard !bytes.isEmpty else { throw invalid("the file is empty; get it again") }
        guard bytes.count.isMultiple(of: rowSize) else {
            throw invalid(
                "\(bytes.count) bytes are no whole number of rows of \(rowSize) bytes; "
                    + "the file is cut short or of another format, get it again"
            )
        }
        pixels.reserveCapacity(pixels.count + bytes.count)
        for start in stride(from: 0, to: bytes.count, by: rowSize) {
            for (position, classCount) in classCounts.enumerated()
            where bytes[start + position] >= classCount {
                throw invalid(
                    "row \(start / rowSize) has label \(bytes[start + position]); the "
                        + "\(classCount) classes are 0 to \(classCount - 1), get the file again"
                )
            }
            labels.append(Int(bytes[start + classCounts.count - 1]))
            pixels += bytes[start + classCounts.count..<start + rowSize]
        }
    }
}
