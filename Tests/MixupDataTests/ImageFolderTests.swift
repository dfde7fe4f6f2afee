import Foundation
import Testing

@testable import MixupData

@Suite(
    "Folders of class folders of images",
    .enabled(if: DataLibrary.png.isBuiltIn, "this build is without libpng")
)
struct ImageFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A PNG file of 3 × 2 pixels of one value.
    private func grey(_ value: UInt8) throws -> [UInt8] {
        try Picture(3, 2, channelCount: 1, value: value).png()
    }

    private func colour(_ value: UInt8) throws -> [UInt8] {
        try Picture(3, 2, channelCount: 3, value: value).png()
    }

    private func load() throws -> DataSplits {
        try DataSource.load([folder.path], dataDirectory: nil)
    }

    /// Two classes, `cat` with 10 and 20 and `dog` with 30, and one test image of each.
    private func writeDivided(test: String = "test") throws {
        try folder.write(grey(20), to: "train/cat/b.png")
        try folder.write(grey(10), to: "train/cat/a.png")
        try folder.write(grey(30), to: "train/dog/x.png")
        try folder.write(grey(50), to: "\(test)/dog/z.png")
        try folder.write(grey(40), to: "\(test)/cat/y.png")
    }

    @Test("Classes and images are in the order of their names", arguments: ["test", "val"])
    func order(_ test: String) throws {
        try writeDivided(test: test)
        let splits = try load()
        #expect(splits.train.classNames == ["cat", "dog"])
        #expect(splits.train.labels == [0, 0, 1])
        #expect(splits.test.labels == [0, 1])
        #expect(splits.train.shape == [1, 2, 3])
        guard case .bytes(let train) = splits.train.features,
            case .bytes(let test) = splits.test.features
        else { return #expect(Bool(false), "images are bytes") }
        #expect(train == [10, 20, 30].flatMap { [UInt8](repeating: $0, count: 6) })
        #expect(test == [40, 50].flatMap { [UInt8](repeating: $0, count: 6) })
        #expect(splits.train.name == "\(FolderListing.name(of: folder.path)) train")
    }

    @Test("Both parts are standardised by the training images")
    func normalisation() throws {
        try writeDivided()
        let splits = try load()
        let deviation = (200.0 / 3).squareRoot()
        #expect(splits.train.normalization == splits.test.normalization)
        let value = try splits.test.minibatch([0]).features[0]
        #expect(abs(Double(value) - (40 - 20) / deviation) < 1e-5)
    }

    @Test("One image with colours makes all of them RGB")
    func mixedChannels() throws {
        try writeDivided()
        try folder.write(colour(50), to: "test/dog/z.png")
        let splits = try load()
        #expect(splits.train.shape == [3, 2, 3])
        #expect(splits.train.normalization.mean.count == 3)
        #expect(splits.train.featureCount * 3 == splits.train.features.count)
    }

    @Test("Undivided, a quarter of every class is set aside, the same every time")
    func undivided() throws {
        for name in ["b", "a", "c"] {
            for number in 0..<8 {
                try folder.write(grey(UInt8(number)), to: "\(name)/\(number).png")
            }
        }
        let splits = try load()
        #expect(splits.train.classNames == ["a", "b", "c"])
        #expect(splits.train.classCounts == [6, 6, 6])
        #expect(splits.test.classCounts == [2, 2, 2])
        let again = try load()
        for (first, second) in [(splits.train, again.train), (splits.test, again.test)] {
            let all = Array(0..<first.count)
            #expect(try first.minibatch(all).features == second.minibatch(all).features)
        }
    }

    @Test("Many images come out in order, although several threads decode them")
    func manyImages() throws {
        for number in 0..<200 {
            let name = "train/\(number % 2)/\(1000 + number).png"
            try folder.write(grey(UInt8(number)), to: name)
        }
        try folder.write(grey(0), to: "test/0/a.png")
        try folder.write(grey(0), to: "test/1/a.png")
        guard case .bytes(let values) = try load().train.features else {
            return #expect(Bool(false), "images are bytes")
        }
        let evenThenOdd =
            Array(stride(from: 0, to: 200, by: 2)) + Array(stride(from: 1, to: 200, by: 2))
        #expect(values == evenThenOdd.flatMap { [UInt8](repeating: UInt8($0), count: 6) })
    }

    @Test("Hidden files and folders are skipped")
    func hidden() throws {
        try writeDivided()
        try folder.write("x", to: "train/.DS_Store")
        try folder.write("x", to: "train/cat/.thumbnail")
        try folder.write("x", to: "train/.cache/x")
        #expect(try load().train.labels == [0, 0, 1])
    }

    @Test(
        "A file is recognised by its content, whatever its name",
        .enabled(if: DataLibrary.turbojpeg.isBuiltIn)
    )
    func content() throws {
        try writeDivided()
        let jpeg = try Picture(3, 2, channelCount: 1, value: 99).jpeg()
        try folder.write(jpeg, to: "train/dog/x.png")
        guard case .bytes(let values) = try load().train.features else {
            return #expect(Bool(false), "images are bytes")
        }
        #expect(values.suffix(6).allSatisfy { (98...100).contains($0) })
    }

    @Test("What is no image, or cannot be read, is refused with its name")
    func noImage() throws {
        try writeDivided()
        let path = "\(folder.path)/train/dog/notes.txt"
        try folder.write("not a picture", to: "train/dog/notes.txt")
        expectRefusal("\(path): this is neither a JPEG nor a PNG file") { try load() }
        try folder.write([], to: "train/dog/notes.txt")
        expectRefusal("\(path): this is neither a JPEG nor a PNG file") { try load() }
        try folder.write(Array(grey(3).prefix(40)), to: "train/dog/notes.txt")
        expectRefusal("\(path): the PNG file is damaged (") { try load() }

        try FileManager.default.removeItem(atPath: path)
        let link = "\(folder.path)/train/dog/link"
        for (target, reason) in [
            ("/dev/zero", "not a regular file"), (link, "a link that leads nowhere"),
            ("\(folder.path)/train", "a folder among images"),
        ] {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            expectRefusal("\(link): this is", reason) { try load() }
            try FileManager.default.removeItem(atPath: link)
        }
    }

    @Test("A file without permission is refused", .enabled(if: geteuid() != 0, "root may read it"))
    func permission() throws {
        try writeDivided()
        let path = "\(folder.path)/train/dog/x.png"
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        expectRefusal("\(path): the file cannot be opened; check its permissions") { try load() }
    }

    @Test("An image of another size is refused with both sizes, in either part")
    func otherSize() throws {
        let other = try Picture(4, 2, channelCount: 1, value: 0).png()
        for name in ["train/dog/y.png", "test/dog/z.png"] {
            try writeDivided()
            try folder.write(other, to: name)
            expectRefusal(
                "\(folder.path)/\(name): the image is 4x2",
                "\(folder.path)/train/cat/a.png is 3x2"
            ) { try load() }
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        }
    }

    @Test("Of several bad images the first one is named, every time")
    func firstOfMany() throws {
        try writeDivided()
        for number in 0..<60 { try folder.write("no", to: "train/dog/bad\(100 + number)") }
        for _ in 0..<5 {
            expectRefusal("train/dog/bad100: ") { try load() }
        }
    }

    @Test("An empty class folder is refused")
    func emptyClass() throws {
        try writeDivided()
        let path = "\(folder.path)/train/mouse"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false
        )
        expectRefusal("\(path): the class has no image") { try load() }
    }

    @Test("Parts with different classes are refused with the class that is missing")
    func otherClasses() throws {
        try writeDivided()
        try folder.write(grey(0), to: "test/mouse/a.png")
        expectRefusal("\(folder.path)/train: the folder lacks the class 'mouse'") { try load() }
        try FileManager.default.removeItem(atPath: "\(folder.path)/test/mouse")
        try FileManager.default.removeItem(atPath: "\(folder.path)/test/cat")
        expectRefusal("\(folder.path)/test: the folder lacks the class 'cat'") { try load() }
    }

    @Test("A training part alone is refused")
    func noTest() throws {
        try writeDivided()
        try FileManager.default.removeItem(atPath: "\(folder.path)/test")
        expectRefusal("\(folder.path): there is train but neither test nor val") { try load() }
    }

    @Test("A file beside class folders, and an empty part, are refused")
    func beside() throws {
        try writeDivided()
        try folder.write("about", to: "train/README.txt")
        expectRefusal("\(folder.path)/train/README.txt: this is not a folder") { try load() }
        try FileManager.default.removeItem(atPath: "\(folder.path)/train")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/train",
            withIntermediateDirectories: false
        )
        expectRefusal("\(folder.path)/train: the folder is empty") { try load() }
    }

    @Test("A class with a single image cannot be divided, and a single class cannot be learned")
    func tooFew() throws {
        try folder.write(grey(0), to: "a/1.png")
        try folder.write(grey(0), to: "a/2.png")
        try folder.write(grey(0), to: "b/1.png")
        expectRefusal("\(folder.path)/b: the class has a single image") { try load() }
        try FileManager.default.removeItem(atPath: "\(folder.path)/b")
        expectRefusal("one class only") { try load() }
    }
}
