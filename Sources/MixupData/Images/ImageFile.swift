import Foundation

/// A JPEG or PNG file in memory, recognised by its content, its header read and checked.
///
/// Pixels are taken as the file stores them: an orientation that a camera noted is not applied.
struct ImageFile {
    /// The file, as messages call it.
    let path: String
    /// Its size and kind.
    let header: ImageHeader

    private let bytes: [UInt8]
    private let format: Format

    /// A file of more bytes is none that one trains with.
    static let byteLimit = 1 << 28

    private enum Format {
        case jpeg
        case png
    }

    /// Reads a file, but none of its pixels.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)``,
    ///   ``DataError/invalidFile(path:reason:)``, ``DataError/missingLibrary(_:neededFor:)``.
    init(path: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path, limit: Self.byteLimit)
        } catch {
            // Looked at only now: a data set has too many files to ask about each one twice.
            throw Self.failure(path, instead: error)
        }
        try self.init(bytes: bytes, path: path)
    }

    /// What is wrong with a file that was listed and cannot be read.
    private static func failure(_ path: String, instead error: any Error) -> any Error {
        switch FileBytes.kind(of: path) {
        case nil:
            DataError.unreadableFile(
                path: path,
                reason: "this is a link that leads nowhere; remove it"
            )
        case .typeDirectory?:
            DataError.unreadableFile(
                path: path,
                reason: "this is a folder among images; images lie in their class's folder itself"
            )
        default: error
        }
    }

    private static let jpegBeginning: [UInt8] = [0xFF, 0xD8, 0xFF]
    private static let pngBeginning: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Whether a file that begins so is a JPEG or PNG file.
    static func isImage(_ beginning: some Sequence<UInt8>) -> Bool {
        beginning.starts(with: jpegBeginning) || beginning.starts(with: pngBeginning)
    }

    /// Recognises the content of a file; `path` is what messages call it.
    init(bytes: [UInt8], path: String) throws {
        if bytes.starts(with: Self.jpegBeginning) {
            format = .jpeg
            header = try JPEG.header(of: bytes, path: path)
        } else if bytes.starts(with: Self.pngBeginning) {
            format = .png
            header = try PNG.header(of: bytes, path: path)
        } else {
            throw DataError.invalidFile(
                path: path,
                reason: "this is neither a JPEG nor a PNG file; convert it or move it away"
            )
        }
        self.path = path
        self.bytes = bytes
    }

    /// Decodes the pixels, channel after channel.
    ///
    /// - Parameters:
    ///   - channelCount: 3, or 1 for a grey image; a grey image of 3 channels has three equal ones.
    ///   - planes: where they go: `channelCount * height * width` bytes.
    /// - Throws: ``DataError/invalidFile(path:reason:)``.
    func decode(channelCount: Int, into planes: UnsafeMutableBufferPointer<UInt8>) throws {
        let pixels =
            switch format {
            case .jpeg:
                try JPEG.pixels(of: bytes, header: header, channelCount: channelCount, path: path)
            case .png:
                try PNG.pixels(of: bytes, header: header, channelCount: channelCount, path: path)
            }
        let size = header.width * header.height
        pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<channelCount {
                var source = channel
                for position in channel * size..<(channel + 1) * size {
                    planes[position] = pixels[source]
                    source += channelCount
                }
            }
        }
    }
}
