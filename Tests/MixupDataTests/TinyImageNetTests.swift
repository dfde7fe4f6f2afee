import Foundation
import Testing

@testable import MixupData

@Suite(
    "Tiny-ImageNet-200",
    .enabled(if: DataLibrary.turbojpeg.isBuiltIn, "this build is without turbojpeg")
)
struct TinyImageNetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var root: String { "\(folder.path)/tiny-imagenet-200" }

    private func jpeg(_ value: UInt8, side: Int = 64, channelCount: Int = 3) throws -> [UInt8] {
        try Picture(side, side, channelCount: channelCount, value: value).jpeg()
    }

    /// Two classes in the true layout; the second in wnids.txt is the first by number.
    private func write() throws {
        try folder.write("n02\nn01\n", to: "tiny-imagenet-200/wnids.txt")
        try folder.write(
            "n00\tentity\nn01\tgoldfish, Carassius auratus\nn02\tfire salamander\n",
            to: "tiny-imagenet-200/words.txt"
        )
        for (id, value) in [("n01", 60), ("n02", 120)] as [(String, UInt8)] {
            let place = "tiny-imagenet-200/train/\(id)"
            try folder.write(jpeg(value), to: "\(place)/images/\(id)_0.JPEG")
            // Some images are grey.
            try folder.write(
                jpeg(value, channelCount: 1),
                to: "\(place)/images/\(id)_1.JPEG"
            )
            try folder.write("\(id)_0.JPEG\t0\t0\t63\t63\n", to: "\(place)/\(id)_boxes.txt")
        }
        try folder.write(jpeg(200), to: "tiny-imagenet-200/val/images/val_0.JPEG")
        try folder.write(jpeg(220), to: "tiny-imagenet-200/val/images/val_1.JPEG")
        try annotate("val_1.JPEG\tn01\t0\t0\t62\t62", "val_0.JPEG\tn02\t0\t32\t44\t62")
    }

    private func annotate(_ lines: String...) throws {
        let text = lines.map { "\($0)\n" }.joined()
        try folder.write(text, to: "tiny-imagenet-200/val/val_annotations.txt")
    }

    private func load() throws -> DataSplits {
        try DataSource.load(["tiny-imagenet"], dataDirectory: folder.path)
    }

    @Test("Classes, images and annotations come together; the test part is val")
    func layout() throws {
        try write()
        let splits = try load()
        #expect(splits.train.shape == [3, 64, 64])
        #expect(splits.train.classNames == ["goldfish, Carassius auratus", "fire salamander"])
        #expect(splits.train.labels == [0, 0, 1, 1])
        #expect(splits.test.labels == [1, 0])
        for (part, values) in [(splits.train, [60, 60, 120, 120]), (splits.test, [200, 220])] {
            let batch = try part.minibatch(Array(0..<part.count)).features
            for (example, value) in values.enumerated() {
                let expected = Float(value) / 127.5 - 1
                let own = batch[example * 3 * 64 * 64..<(example + 1) * 3 * 64 * 64]
                #expect(own.allSatisfy { abs($0 - expected) < 0.02 })
            }
        }
    }

    @Test("The unpacked folder can be named by its path, and needs no words")
    func byPath() throws {
        try write()
        try FileManager.default.removeItem(atPath: "\(root)/words.txt")
        let splits = try DataSource.load([root], dataDirectory: nil)
        #expect(splits.test.classNames == ["n01", "n02"])
    }

    @Test("Classes with the same words keep their numbers")
    func sameWords() throws {
        try write()
        try folder.write("n01\tcrane\nn02\tcrane\n", to: "tiny-imagenet-200/words.txt")
        #expect(try load().train.classNames == ["n01", "n02"])
    }

    @Test("An annotation that is missing, twice there, unknown or superfluous is refused")
    func annotations() throws {
        try write()
        let path = "\(root)/val/val_annotations.txt"
        try annotate("val_1.JPEG\tn01")
        expectRefusal("\(path): there is no line for val_0.JPEG") { try load() }
        try annotate("val_1.JPEG\tn01", "val_0.JPEG\tn03")
        expectRefusal("\(path): line 2: the class 'n03' is not in wnids.txt") { try load() }
        try annotate("val_1.JPEG\tn01", "val_1.JPEG\tn02")
        expectRefusal("\(path): line 2: the image 'val_1.JPEG' is there twice") { try load() }
        try annotate("val_1.JPEG")
        expectRefusal("\(path): line 1: there must be a file's name") { try load() }
        try annotate("val_1.JPEG\tn01", "val_0.JPEG\tn01", "val_9.JPEG\tn01")
        expectRefusal("\(root)/val/images/val_9.JPEG: there is no such file") { try load() }
        try folder.write([0xFF, 0xFE, 0x00], to: "tiny-imagenet-200/val/val_annotations.txt")
        expectRefusal("\(path): this is not a text in UTF-8") { try load() }
        try FileManager.default.removeItem(atPath: path)
        expectRefusal("\(root): it lacks val/val_annotations.txt") { try load() }
    }

    @Test("An image of another size, a damaged one, and what is no image are refused")
    func badImages() throws {
        try write()
        let name = "tiny-imagenet-200/train/n02/images/n02_1.JPEG"
        let path = "\(folder.path)/\(name)"
        try folder.write(jpeg(1, side: 63), to: name)
        expectRefusal("\(path): the image is 63x63; 64x64 is needed") { try load() }
        try folder.write(Array(jpeg(1).dropLast(40)), to: name)
        expectRefusal("\(path): the JPEG file is damaged (") { try load() }
        try folder.write("text", to: name)
        expectRefusal("\(path): this is neither") { try load() }
    }

    @Test("A class folder that is missing, superfluous or empty is refused")
    func classFolders() throws {
        try write()
        try folder.write("n01\nn02\nn03\n", to: "tiny-imagenet-200/wnids.txt")
        expectRefusal("\(root)/train: the class 'n03' is in only one of") { try load() }
        try folder.write("n01\n", to: "tiny-imagenet-200/wnids.txt")
        expectRefusal("\(root)/train: the class 'n02' is in only one of") { try load() }
        try folder.write("n01\nn01\n", to: "tiny-imagenet-200/wnids.txt")
        expectRefusal("\(root)/wnids.txt: the file is empty or names a class twice") { try load() }
        try FileManager.default.removeItem(atPath: "\(root)/train/n01/images")
        try folder.write("n01\nn02\n", to: "tiny-imagenet-200/wnids.txt")
        expectRefusal("\(root)/train/n01/images: there is no such folder") { try load() }
    }

    @Test("Where it is nowhere, the message lists the places and what to put there")
    func notFound() {
        expectRefusal("tiny-imagenet was not found", folder.path, "wnids.txt") { try load() }
    }
}
