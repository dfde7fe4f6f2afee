/// The images of an IDX file that may be larger than the memory.
final class IDXImages {
    private let stream: ByteStream
    private let height: Int
    private let width: Int
    private let count: Int
    private var number = 0

    /// How an IDX file of bytes with three dimensions begins.
    static let beginning: [UInt8] = [0, 0, 8, 3]

    /// Reads the header of a stream that begins so.
    ///
    /// - Throws: ``DataError``.
    init(_ stream: ByteStream) throws {
        let header = try stream.bytes(16)
        let dimensions = (1..<4).map { dimension in
            header.dropFirst(4 * dimension).prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        // An image of the limit's size is none of an IDX file's, but it fits the memory.
        guard header.count == 16, dimensions.allSatisfy({ $0 > 0 }),
            let size = Dataset.product(Array(dimensions.dropFirst())),
            size <= ImageHeader.pixelLimit
        else {
            throw DataError.invalidFile(
                path: stream.name,
                reason:
                    "the dimensions \(dimensions) of the IDX file are not possible; get it again"
            )
        }
        self.stream = stream
        (count, height, width) = (dimensions[0], dimensions[1], dimensions[2])
    }

    /// The next image, with the file and its number, from 0: "images[17]"; nothing at the end.
    ///
    /// - Throws: ``DataError`` where the file cannot be read or ends too early.
    func next() throws -> (name: String, pixels: InputPixels)? {
        guard number < count else { return nil }
        let values = try stream.bytes(height * width)
        guard values.count == height * width else {
            throw DataError.invalidFile(
                path: stream.name,
                reason:
                    "the file is cut short: it ends in image \(number) of \(count); get it again"
            )
        }
        defer { number += 1 }
        return (
            "\(stream.name)[\(number)]", InputPixels(shape: [1, height, width], values: values)
        )
    }
}
