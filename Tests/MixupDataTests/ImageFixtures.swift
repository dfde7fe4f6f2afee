import Foundation
import Testing

@testable import MixupData

#if HAS_PNG
    import CPNG
#endif
#if HAS_TURBOJPEG
    import CTurboJPEG
#endif

/// Pixels, row after row, the channels of a pixel beside each other.
struct Picture {
    let width: Int
    let height: Int
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    let channelCount: Int
    var pixels: [UInt8]

    /// A picture in which every byte is `value`.
    init(_ width: Int, _ height: Int, channelCount: Int, value: UInt8) {
        (self.width, self.height, self.channelCount) = (width, height, channelCount)
        pixels = [UInt8](repeating: value, count: width * height * channelCount)
    }

    /// Smooth gradients, in every channel another one.
    init(smooth width: Int, _ height: Int, channelCount: Int) {
        self.init(width, height, channelCount: channelCount, value: 0)
        for row in 0..<height {
            for column in 0..<width {
                for channel in 0..<channelCount {
                    let value = 20 + 3 * row + 5 * column + 40 * channel
                    pixels[(row * width + column) * channelCount + channel] = UInt8(value % 256)
                }
            }
        }
    }

    /// Noise, which no encoder can foresee.
    init(noise width: Int, _ height: Int, channelCount: Int, seed: UInt64) {
        self.init(width, height, channelCount: channelCount, value: 0)
        var generator = SplitMix64(seed: seed)
        for index in pixels.indices { pixels[index] = .random(in: 0...255, using: &generator) }
    }

    /// The channels one after the other, as a data set has them.
    var planes: [UInt8] {
        (0..<channelCount).flatMap { channel in
            stride(from: channel, to: pixels.count, by: channelCount).map { pixels[$0] }
        }
    }

    struct EncodingFailed: Error {}

    /// The content of a PNG file, written by libpng.
    func png() throws -> [UInt8] {
        #if HAS_PNG
            let formats = [
                1: 0, 2: PNG_FORMAT_FLAG_ALPHA, 3: PNG_FORMAT_FLAG_COLOR,
                4: PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA,
            ]
            return try encodedPNG(format: formats[channelCount] ?? 0, from: pixels, colours: nil)
        #else
            throw EncodingFailed()
        #endif
    }

    /// The content of a PNG file with a palette; each pixel is an entry of it.
    func palettePNG(colours: [UInt8]) throws -> [UInt8] {
        #if HAS_PNG
            return try encodedPNG(
                format: PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP,
                from: pixels,
                colours: colours
            )
        #else
            throw EncodingFailed()
        #endif
    }

    /// The content of a PNG file with 16 bits a channel.
    func widePNG() throws -> [UInt8] {
        #if HAS_PNG
            return try encodedPNG(
                format: PNG_FORMAT_FLAG_LINEAR | (channelCount == 3 ? PNG_FORMAT_FLAG_COLOR : 0),
                from: pixels.map { UInt16($0) * 257 },
                colours: nil
            )
        #else
            throw EncodingFailed()
        #endif
    }

    #if HAS_PNG
        private func encodedPNG<Element>(
            format: UInt32,
            from elements: [Element],
            colours: [UInt8]?
        ) throws -> [UInt8] {
            var image = png_image()
            image.version = png_uint_32(PNG_IMAGE_VERSION)
            image.width = UInt32(width)
            image.height = UInt32(height)
            image.format = format
            image.colormap_entries = UInt32((colours?.count ?? 0) / 3)
            var size = 1 << 20
            var bytes = [UInt8](repeating: 0, count: size)
            let status = elements.withUnsafeBytes { elements in
                png_image_write_to_memory(
                    &image,
                    &bytes,
                    &size,
                    0,
                    elements.baseAddress,
                    0,
                    colours
                )
            }
            guard status != 0, size <= bytes.count else { throw EncodingFailed() }
            return Array(bytes.prefix(size))
        }
    #endif

    /// The content of a JPEG file, written by libjpeg-turbo, colours at half size.
    func jpeg(quality: Int32 = 95) throws -> [UInt8] {
        #if HAS_TURBOJPEG
            guard let encoder = tjInitCompress() else { throw EncodingFailed() }
            defer { tjDestroy(encoder) }
            var buffer: UnsafeMutablePointer<UInt8>?
            var size: UInt = 0
            defer { tjFree(buffer) }
            let formats = [1: TJPF_GRAY, 3: TJPF_RGB, 4: TJPF_CMYK]
            let sampling = [1: TJSAMP_GRAY, 3: TJSAMP_420, 4: TJSAMP_444]
            let status = tjCompress2(
                encoder,
                pixels,
                Int32(width),
                0,
                Int32(height),
                Int32(formats[channelCount]?.rawValue ?? 0),
                &buffer,
                &size,
                Int32(sampling[channelCount]?.rawValue ?? 0),
                quality,
                0
            )
            guard status == 0, let buffer else { throw EncodingFailed() }
            return Array(UnsafeBufferPointer(start: buffer, count: Int(size)))
        #else
            throw EncodingFailed()
        #endif
    }
}

/// What the decoder makes of a file's content, the channels one after the other.
func decoded(_ bytes: [UInt8], channelCount: Int) throws -> [UInt8] {
    let file = try ImageFile(bytes: bytes, path: "picture")
    let size = channelCount * file.header.width * file.header.height
    return try [UInt8](unsafeUninitializedCapacity: size) { planes, count in
        try file.decode(
            channelCount: channelCount,
            into: UnsafeMutableBufferPointer(rebasing: planes[..<size])
        )
        count = size
    }
}

/// Whether loading throws a ``DataError`` of one line with all of these words.
func expectRefusal<Result>(
    _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    by load: () throws -> Result
) {
    #expect(sourceLocation: sourceLocation) {
        _ = try load()
    } throws: { error in
        let message = "\(error)"
        return error is DataError && !message.contains("\n")
            && words.allSatisfy { message.contains($0) }
    }
}
