import Foundation
import Testing

@testable import MixupData

@Suite("Folders of IDX files")
struct IDXFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Four training images of 2 × 3 pixels, `0 … 23`, and one test image, in classes 0 to 2.
    private func writeSmallSet(mark: String = "-", below: String = "") throws {
        let images = idx([4, 2, 3], (0..<24).map { UInt8($0) })
        try folder.write(images, to: "\(below)train-images\(mark)idx3-ubyte")
        try folder.write(idx([4], [0, 1, 2, 1]), to: "\(below)train-labels\(mark)idx1-ubyte")
        let image = idx([1, 2, 3], [9, 8, 7, 6, 5, 4])
        try folder.write(image, to: "\(below)t10k-images\(mark)idx3-ubyte")
        try folder.write(idx([1], [2]), to: "\(below)t10k-labels\(mark)idx1-ubyte")
    }

    private func load(_ path: String? = nil) throws -> DataSplits {
        try DataSource.load([path ?? folder.path], dataDirectory: nil)
    }

    private func expectRefusal(_ words: String...) {
        #expect {
            try load()
        } throws: { error in
            words.allSatisfy { "\(error)".contains($0) }
        }
    }

    @Test("Any image size and number of classes is read, in both spellings", arguments: ["-", "."])
    func anySize(_ mark: String) throws {
        try writeSmallSet(mark: mark, below: "shapes/")
        let splits = try load(folder.path + "/shapes/")
        #expect(splits.train.name == "shapes train")
        #expect(splits.test.name == "shapes test")
        #expect(splits.train.shape == [1, 2, 3])
        #expect(splits.train.classNames == ["0", "1", "2"])
        #expect(splits.train.labels == [0, 1, 2, 1])
        #expect(splits.test.labels == [2])
    }

    @Test("Pixels are standardised by the training images, for both parts")
    func statistics() throws {
        try writeSmallSet()
        let splits = try load()
        #expect(splits.train.normalization == splits.test.normalization)
        let deviation = ((24.0 * 24 - 1) / 12).squareRoot()
        let values = try splits.test.minibatch([0]).features.map { Double($0) }
        for (value, raw) in zip(values, [9.0, 8, 7, 6, 5, 4]) {
            #expect(abs(value - (raw - 11.5) / deviation) < 1e-6)
        }
    }

    @Test("Packed files are read like plain ones, and may stand beside them")
    func packed() throws {
        try writeSmallSet()
        let plain = try load()
        for name in ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
            let path = "\(folder.path)/\(name)"
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            try FileManager.default.removeItem(atPath: path)
            try folder.writePacked(bytes, to: "\(name).gz")
        }
        let packed = try load()
        let indices = [3, 0, 2, 1]
        let expected = try plain.train.minibatch(indices).features
        #expect(try packed.train.minibatch(indices).features == expected)
        #expect(packed.test.labels == plain.test.labels)
    }

    @Test("A folder that lacks files is refused with the names that are missing")
    func missing() throws {
        expectRefusal(folder.path, "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
        try writeSmallSet()
        try FileManager.default.removeItem(atPath: folder.path + "/t10k-images-idx3-ubyte")
        #expect {
            try load()
        } throws: { error in
            "\(error)".contains("lacks t10k-images-idx3-ubyte (or .gz);")
        }
    }

    @Test("Images and labels of different number are refused with both numbers")
    func countMismatch() throws {
        try writeSmallSet()
        try folder.write(idx([3], [0, 1, 2]), to: "train-labels-idx1-ubyte")
        expectRefusal("train-images-idx3-ubyte: there are 4 images and 3 labels")
    }

    @Test("A test label that no training image has is refused with its place")
    func testLabel() throws {
        try writeSmallSet()
        try folder.write(idx([1], [3]), to: "t10k-labels-idx1-ubyte")
        expectRefusal("t10k-labels-idx1-ubyte: label 3 at position 0", "3 classes are 0 to 2")
    }

    @Test("Training and test images of different size are refused")
    func sizeMismatch() throws {
        try writeSmallSet()
        try folder.write(idx([1, 3, 2], [9, 8, 7, 6, 5, 4]), to: "t10k-images-idx3-ubyte")
        expectRefusal("do not belong together", "[1, 2, 3]", "[1, 3, 2]")
    }

    @Test("A folder with one class only is refused")
    func oneClass() throws {
        try writeSmallSet()
        try folder.write(idx([4], [0, 0, 0, 0]), to: "train-labels-idx1-ubyte")
        try folder.write(idx([1], [0]), to: "t10k-labels-idx1-ubyte")
        expectRefusal("one class only")
    }

    @Test("A damaged file is refused with its name", arguments: ["train-images", "t10k-images"])
    func damaged(_ part: String) throws {
        try writeSmallSet()
        try folder.write(idx([4, 2, 3], [1, 2]), to: "\(part)-idx3-ubyte")
        expectRefusal("\(part)-idx3-ubyte: the file is cut short: 22 of 24 bytes are missing")
    }

    @Test("The labels of mnist are 0 to 9, and its normalisation is the one everybody uses")
    func mnist() throws {
        try writeSmallSet(below: "mnist/")
        let splits = try DataSource.load(["mnist"], dataDirectory: folder.path)
        #expect(splits.train.classNames == (0...9).map { "\($0)" })
        for part in [splits.train, splits.test] {
            let expected = Normalization(scale: 255, mean: [0.1307], standardDeviation: [0.3081])
            #expect(part.normalization == expected)
        }
        #expect(splits.train.name == "mnist train")

        try folder.write(idx([4], [0, 1, 10, 1]), to: "mnist/train-labels-idx1-ubyte")
        #expect {
            try DataSource.load(["mnist"], dataDirectory: folder.path)
        } throws: {
            "\($0)".contains("label 10 at position 2") && "\($0)".contains("10 classes are 0 to 9")
        }
    }
}
