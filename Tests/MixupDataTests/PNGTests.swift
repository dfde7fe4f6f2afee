import Foundation
import Testing

@testable import MixupData

@Suite("PNG files", .enabled(if: DataLibrary.png.isBuiltIn, "this build is without libpng"))
struct PNGTests {
    @Test("What was encoded is decoded, byte for byte", arguments: [1, 3])
    func lossless(_ channelCount: Int) throws {
        for (width, height) in [(1, 1), (5, 3), (64, 64), (1, 17)] {
            let picture = Picture(noise: width, height, channelCount: channelCount, seed: 1)
            let bytes = try picture.png()
            let header = try ImageFile(bytes: bytes, path: "picture").header
            #expect((header.width, header.height) == (width, height))
            #expect(header.isGrey == (channelCount == 1))
            #expect(try decoded(bytes, channelCount: channelCount) == picture.planes)
        }
    }

    @Test("A grey image of three channels has three equal ones")
    func greyAsColour() throws {
        let picture = Picture(noise: 6, 4, channelCount: 1, seed: 2)
        let planes = picture.planes
        #expect(try decoded(picture.png(), channelCount: 3) == planes + planes + planes)
    }

    @Test("An opaque alpha channel is dropped, a transparent pixel refused", arguments: [2, 4])
    func alpha(_ channelCount: Int) throws {
        var picture = Picture(noise: 5, 4, channelCount: channelCount, seed: 3)
        for index in stride(from: channelCount - 1, to: picture.pixels.count, by: channelCount) {
            picture.pixels[index] = 255
        }
        let planes = Array(picture.planes.dropLast(5 * 4))
        #expect(try decoded(picture.png(), channelCount: channelCount - 1) == planes)

        picture.pixels[picture.pixels.count - 1] = 254
        let bytes = try picture.png()
        expectRefusal("picture: the image has transparent pixels") {
            try decoded(bytes, channelCount: channelCount - 1)
        }
    }

    @Test("A palette is looked up")
    func palette() throws {
        var picture = Picture(2, 2, channelCount: 1, value: 0)
        picture.pixels = [0, 1, 2, 1]
        let bytes = try picture.palettePNG(colours: [10, 20, 30, 40, 50, 60, 255, 0, 7])
        #expect(
            try decoded(bytes, channelCount: 3)
                == [10, 40, 255, 40, 20, 50, 0, 50, 30, 60, 7, 60]
        )
    }

    @Test("Sixteen bits a channel are refused", arguments: [1, 3])
    func sixteenBits(_ channelCount: Int) throws {
        let bytes = try Picture(smooth: 4, 4, channelCount: channelCount).widePNG()
        expectRefusal("picture: the image has 16 bits a channel; save it with 8") {
            try decoded(bytes, channelCount: channelCount)
        }
    }

    @Test("A file that is cut short is refused wherever it ends before its last pixel")
    func truncated() throws {
        let bytes = try Picture(noise: 16, 16, channelCount: 3, seed: 4).png()
        // What follows the pixels is the end mark, which says nothing.
        for length in stride(from: 8, to: bytes.count - 20, by: 13) {
            expectRefusal("picture: the PNG file is damaged (") {
                try decoded(Array(bytes.prefix(length)), channelCount: 3)
            }
        }
    }

    @Test("An altered byte of the pixels is noticed")
    func altered() throws {
        var bytes = try Picture(noise: 16, 16, channelCount: 3, seed: 5).png()
        bytes[bytes.count / 2] ^= 0x40
        expectRefusal("picture: the PNG file is damaged (") { try decoded(bytes, channelCount: 3) }
    }

    @Test("An image of billions of pixels is refused by its header")
    func bomb() throws {
        var bytes = try Picture(smooth: 2, 2, channelCount: 3).png()
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
        let check = crc32(bytes[12..<29])
        bytes.replaceSubrange(
            29..<33,
            with: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: check >> $0) }
        )
        expectRefusal("picture: the image is 65535x65535") {
            try ImageFile(bytes: bytes, path: "picture")
        }
    }

    /// PNG's check sum of a chunk.
    private func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
        }
        return ~sum
    }

    @Test(
        "Pixels are those that Pillow gives",
        .enabled(if: Pillow.isAvailable, Comment(rawValue: Pillow.skipMessage)),
        arguments: ["L", "RGB", "P", "1"]
    )
    func pillow(_ mode: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/picture"
        try Pillow.run(
            """
            import sys, numpy
            from PIL import Image
            noise = numpy.random.RandomState(0).randint(0, 256, (9, 13, 3), dtype=numpy.uint8)
            Image.fromarray(noise).convert(sys.argv[2]).save(sys.argv[1], "png")
            """,
            [path, mode]
        )
        let bytes = try FileBytes.read(path)
        #expect(try decoded(bytes, channelCount: 3) == Pillow.planes(path, mode: "RGB"))
        if mode == "L" {
            #expect(try decoded(bytes, channelCount: 1) == Pillow.planes(path, mode: "L"))
        }
    }
}
