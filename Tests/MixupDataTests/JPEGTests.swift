import Foundation
import Testing

@testable import MixupData

@Suite(
    "JPEG files",
    .enabled(if: DataLibrary.turbojpeg.isBuiltIn, "this build is without turbojpeg")
)
struct JPEGTests {
    /// The largest distance between two bytes at one place.
    private func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }

    @Test("An evenly coloured image keeps its colours, in their order")
    func evenColour() throws {
        var picture = Picture(16, 8, channelCount: 3, value: 0)
        picture.pixels = (0..<16 * 8).flatMap { _ in [200, 100, 30] as [UInt8] }
        let bytes = try picture.jpeg()
        let header = try ImageFile(bytes: bytes, path: "picture").header
        #expect((header.width, header.height, header.isGrey) == (16, 8, false))
        #expect(distance(try decoded(bytes, channelCount: 3), picture.planes) <= 3)
    }

    @Test("Rows and columns stand where they were, also where blocks are cut")
    func gradients() throws {
        let picture = Picture(smooth: 19, 11, channelCount: 1)
        let bytes = try picture.jpeg(quality: 100)
        let planes = try decoded(bytes, channelCount: 1)
        #expect(planes.count == 19 * 11)
        #expect(distance(planes, picture.planes) <= 3)
        #expect(try ImageFile(bytes: bytes, path: "picture").header.isGrey)
    }

    @Test("A grey image of three channels has three equal ones")
    func greyAsColour() throws {
        let bytes = try Picture(smooth: 12, 9, channelCount: 1).jpeg()
        let planes = try decoded(bytes, channelCount: 1)
        #expect(try decoded(bytes, channelCount: 3) == planes + planes + planes)
    }

    @Test("The four colours of print are refused")
    func print() throws {
        let bytes = try Picture(smooth: 8, 8, channelCount: 4).jpeg()
        expectRefusal("picture: the image has the four colours of print; save it as RGB") {
            try ImageFile(bytes: bytes, path: "picture")
        }
    }

    @Test("A file that is cut short is refused wherever it ends")
    func truncated() throws {
        let bytes = try Picture(noise: 32, 32, channelCount: 3, seed: 1).jpeg()
        for length in stride(from: 3, to: bytes.count - 2, by: 31) {
            expectRefusal("picture: the JPEG file is damaged (") {
                try decoded(Array(bytes.prefix(length)), channelCount: 3)
            }
        }
    }

    @Test("An image of billions of pixels is refused by its header")
    func bomb() throws {
        var bytes = try Picture(smooth: 8, 8, channelCount: 3).jpeg()
        let frame = try #require(
            bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }
        )
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
        expectRefusal("picture: the image is 65500x65500") {
            try ImageFile(bytes: bytes, path: "picture")
        }
    }

    @Test(
        "Pixels are those that Pillow gives",
        .enabled(if: Pillow.isAvailable, Comment(rawValue: Pillow.skipMessage)),
        arguments: ["L", "RGB"],
        [0, 2]
    )
    func pillow(_ mode: String, _ sampling: Int) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/picture"
        try Pillow.run(
            """
            import sys, numpy
            from PIL import Image
            noise = numpy.random.RandomState(0).randint(0, 256, (5, 7, 3), dtype=numpy.uint8)
            image = Image.fromarray(noise).resize((64, 50), Image.BICUBIC).convert(sys.argv[2])
            options = {} if sys.argv[2] == "L" else {"subsampling": int(sys.argv[3])}
            image.save(sys.argv[1], "jpeg", quality=90, **options)
            """,
            [path, mode, "\(sampling)"]
        )
        let expected = try Pillow.planes(path, mode: "RGB")
        let found = try decoded(FileBytes.read(path), channelCount: 3)
        #expect(found.count == expected.count)
        #expect(distance(found, expected) <= 2)
    }
}
