import Foundation
import LibTorch
import MixupData
import TestPython
import Testing

@testable import MixupAnalysis

@Suite("Resizing against Pillow and torchvision")
struct ResizingParityTests {
    private static let sizes = [[40, 30, 8, 8], [8, 8, 28, 20], [33, 47, 32, 32], [9, 5, 9, 7]]

    /// Prints, for every size, an image's bytes and what Pillow and torchvision make of it, as a list.
    private static let program = """
        import sys, numpy, torch
        from PIL import Image
        try:
            import torchvision
        except RuntimeError:  # made for another torch; resizing needs none of its own operators
            for name in ("nms", "qnms"):
                torch.library.define("torchvision::" + name, "(Tensor a, Tensor b, float c) -> Tensor")
        from torchvision.transforms.v2 import functional
        random = numpy.random.RandomState(3)
        for sizes in sys.argv[1:]:
            height, width, rows, columns = map(int, sizes.split(","))
            image = random.randint(0, 256, (height, width, 3)).astype(numpy.uint8)
            pillow = numpy.asarray(Image.fromarray(image).resize((columns, rows), Image.BILINEAR))
            tensor = torch.from_numpy(image.transpose(2, 0, 1).copy())
            vision = functional.resize(tensor, [rows, columns], antialias=True).numpy()
            for each in (image.transpose(2, 0, 1), pillow.transpose(2, 0, 1), vision):
                print(" ".join(map(str, each.reshape(-1))))
        """

    private static let output = try? Python.output(
        of: ["-c", program] + sizes.map { $0.map(String.init).joined(separator: ",") }
    )

    @Test(
        "Bytes become torchvision's, and Pillow's but for one level in a few pixels",
        .enabled(
            if: output != nil,
            "\(Python.skipMessage("numpy, Pillow and torchvision"))"
        )
    )
    func everySize() throws {
        let text = String(decoding: try #require(Self.output), as: UTF8.self)
        let lines = try text.split(separator: "\n").map { line in
            try line.split(separator: " ").map { try #require(UInt8($0)) }
        }
        try #require(lines.count == 3 * Self.sizes.count)
        for (number, size) in Self.sizes.enumerated() {
            let (pillow, vision) = (lines[3 * number + 1], lines[3 * number + 2])
            let image = try Tensor(lines[3 * number], shape: [1, 3, size[0], size[1]])
            let found: [UInt8] = try image.resizedImages(height: size[2], width: size[3]).scalars()
            #expect(found == vision, "\(size)")
            let differences = zip(found, pillow).map { abs(Int($0) - Int($1)) }
            #expect((differences.max() ?? 9) <= 1, "\(size)")
            #expect(
                Double(differences.count { $0 > 0 }) < 0.05 * Double(found.count),
                "\(size)"
            )
        }
    }
}
