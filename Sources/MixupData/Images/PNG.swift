#if HAS_PNG
    internal import CPNG
#endif

/// Decodes PNG files with libpng, to eight bits a channel.
///
/// Palettes and fewer bits are unpacked. An opaque alpha channel is dropped; transparent pixels are
/// refused, because which background belongs behind them is not ours to guess. So are sixteen bits
/// a channel, which eight cannot hold. An image that declares another gamma than sRGB is converted.
enum PNG {
    #if HAS_PNG
        /// What a file says of itself.
        static func header(of bytes: [UInt8], path: String) throws -> ImageHeader {
            try withImage(bytes, path) { image in
                try ImageHeader(
                    width: Int(image.pointee.width),
                    height: Int(image.pointee.height),
                    isGrey: image.pointee.format & PNG_FORMAT_FLAG_COLOR == 0,
                    path: path
                )
            }
        }

        /// The pixels, row after row, the channels of a pixel beside each other.
        static func pixels(
            of bytes: [UInt8],
            header: ImageHeader,
            channelCount: Int,
            path: String
        ) throws -> [UInt8] {
            try withImage(bytes, path) { image in
                let hasAlpha = image.pointee.format & PNG_FORMAT_FLAG_ALPHA != 0
                image.pointee.format =
                    (channelCount == 1 ? 0 : PNG_FORMAT_FLAG_COLOR)
                    | (hasAlpha ? PNG_FORMAT_FLAG_ALPHA : 0)
                let stored = channelCount + (hasAlpha ? 1 : 0)
                var pixels = [UInt8](repeating: 0, count: header.width * header.height * stored)
                guard png_image_finish_read(image, nil, &pixels, 0, nil) != 0 else {
                    throw damaged(image, path)
                }
                return hasAlpha ? try opaque(pixels, channelCount: channelCount, path) : pixels
            }
        }

        /// The pixels without their alpha channel, which must not matter.
        private static func opaque(
            _ pixels: [UInt8],
            channelCount: Int,
            _ path: String
        ) throws -> [UInt8] {
            var colours: [UInt8] = []
            colours.reserveCapacity(pixels.count / (channelCount + 1) * channelCount)
            for start in stride(from: 0, to: pixels.count, by: channelCount + 1) {
                guard pixels[start + channelCount] == 255 else {
                    throw DataError.invalidFile(
                        path: path,
                        reason: "the image has transparent pixels; put it on a background"
                    )
                }
                colours += pixels[start..<start + channelCount]
            }
            return colours
        }

        /// Opens an image; the library keeps pointers to it and to the bytes until it is freed.
        private static func withImage<Result>(
            _ bytes: [UInt8],
            _ path: String,
            _ body: (UnsafeMutablePointer<png_image>) throws -> Result
        ) throws -> Result {
            var image = png_image()
            image.version = png_uint_32(PNG_IMAGE_VERSION)
            return try withUnsafeMutablePointer(to: &image) { image in
                try bytes.withUnsafeBytes { memory in
                    defer { png_image_free(image) }
                    guard
                        png_image_begin_read_from_memory(image, memory.baseAddress, memory.count)
                            != 0
                    else { throw damaged(image, path) }
                    guard image.pointee.format & PNG_FORMAT_FLAG_LINEAR == 0 else {
                        throw DataError.invalidFile(
                            path: path,
                            reason: "the image has 16 bits a channel; save it with 8"
                        )
                    }
                    return try body(image)
                }
            }
        }

        private static func damaged(
            _ image: UnsafeMutablePointer<png_image>,
            _ path: String
        ) -> DataError {
            let reason = withUnsafeBytes(of: image.pointee.message) { message in
                String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
            }
            return .invalidFile(
                path: path,
                reason: "the PNG file is damaged (\(reason)); get it again or remove it"
            )
        }
    #else
        static func header(of bytes: [UInt8], path: String) throws -> ImageHeader {
            throw DataError.missingLibrary(.png, neededFor: path)
        }

        static func pixels(
            of bytes: [UInt8],
            header: ImageHeader,
            channelCount: Int,
            path: String
        ) throws -> [UInt8] {
            throw DataError.missingLibrary(.png, neededFor: path)
        }
    #endif
}
