/// A file in the IDX format of MNIST: an array of bytes with its dimensions.
///
/// The file starts with two zero bytes, the element type and the number of dimensions; each
/// dimension follows as a big-endian 32-bit number, then the elements, the last dimension fastest.
public struct IDXFile: Sendable {
    /// The array's dimensions, the number of examples first.
    public let dimensions: [Int]
    /// The elements, the last dimension fastest.
    public let elements: [UInt8]

    /// The element type of unsigned bytes, the only one that is read.
    private static let unsignedByte: UInt8 = 0x08

    /// Reads a file, packed by gzip or not.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - rank: the number of dimensions that it must have: 3 for images, 1 for labels.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` and
    ///   ``DataError/invalidFile(path:reason:)``.
    public init(path: String, rank: Int) throws {
        try self.init(bytes: FileBytes.read(path), path: path, rank: rank)
    }

    /// Reads the content of a file; `path` is what messages call it.
    ///
    /// - Throws: ``DataError/invalidFile(path:reason:)``.
    public init(bytes: [UInt8], path: String, rank: Int) throws {
        func invalid(_ reason: String) -> DataError { .invalidFile(path: path, reason: reason) }

        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else {
            throw invalid("this is not an IDX file: it must start with two zero bytes")
        }
        guard bytes[2] == Self.unsignedByte else {
            throw invalid("the element type is \(bytes[2]); only unsigned bytes (8) are read")
        }
        guard Int(bytes[3]) == rank else {
            throw invalid("the file has \(bytes[3]) dimensions; \(rank) are expected here")
        }
        let headerSize = 4 + 4 * rank
        guard bytes.count >= headerSize else {
            throw invalid("the file ends inside its header; get it again")
        }
        let dimensions = (0..<rank).map { dimension in
            bytes[(4 + 4 * dimension)..<(8 + 4 * dimension)].reduce(0) { $0 << 8 | Int($1) }
        }
        guard !dimensions.contains(0) else {
            throw invalid("the file is empty: its dimensions are \(dimensions)")
        }
        guard let size = Dataset.product(dimensions), size <= FileBytes.limit else {
            throw invalid("the dimensions \(dimensions) are not possible; get the file again")
        }
        let present = bytes.count - headerSize
        guard present >= size else {
            throw invalid(
                "the file is cut short: \(size - present) of \(size) bytes are missing; "
                    + "get it again"
            )
        }
        guard present == size else {
            throw invalid(
                "\(present - size) bytes follow after the last element; get the file again"
            )
        }
        self.dimensions = dimensions
        self.elements = Array(bytes[headerSize...])
    }
}
