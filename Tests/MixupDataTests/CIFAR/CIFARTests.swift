import Foundation
import Testing

@testable import MixupData

@Suite("CIFAR-10 and CIFAR-100")
struct CIFARTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ name: String = "cifar-10") throws -> DataSplits {
        try DataSource.load(
            [name],
            dataDirectory: folder.path,
            environment: [:],
            defaultDirectory: "\(folder.path)/nowhere"
        )
    }

    private func expectRefusal(_ name: String = "cifar-10", _ words: String...) {
        #expect {
            try load(name)
        } throws: { error in
            words.allSatisfy { "\(error)".contains($0) }
                && "\(error)".allSatisfy { !$0.isNewline }
        }
    }

    @Test("The rows of the five training files come in order, colour after colour")
    func ten() throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        let splits = try load()
        #expect(splits.train.name == "cifar-10 train")
        #expect(splits.train.shape == [3, 32, 32])
        #expect(splits.train.labels == [0, 1, 2, 3, 9, 4])
        #expect(splits.test.labels == [9, 0])
        guard case .bytes(let pixels) = splits.train.features else {
            Issue.record("the pixels are no bytes")
            return
        }
        // The fifth image is the first of file 5.
        #expect(pixels.count == 6 * 3072)
        #expect(pixels[4 * 3072..<4 * 3072 + 1024].allSatisfy { $0 == 4 })
        #expect(pixels[4 * 3072 + 1024..<4 * 3072 + 2048].allSatisfy { $0 == 100 })
        #expect(pixels[4 * 3072 + 2048..<5 * 3072].allSatisfy { $0 == 9 })
    }

    @Test("The fine label of CIFAR-100 is learnt")
    func hundred() throws {
        try CIFARFiles.writeHundred(to: folder, below: "")
        let splits = try load("cifar-100")
        #expect(splits.train.name == "cifar-100 train")
        #expect(splits.train.labels == [99, 7])
        #expect(splits.test.labels == [50])
        #expect(splits.train.classCount == 100)
        guard case .bytes(let pixels) = splits.train.features else {
            Issue.record("the pixels are no bytes")
            return
        }
        #expect(pixels[0] == 99 && pixels[1023] == 99 && pixels[1024] == 0 && pixels[3072] == 7)
    }

    @Test("Channels are normalised as the paper's authors do it")
    func normalization() throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        let image = try load().train.minibatch([4]).features
        #expect(abs(image[0] - (4 - 125.3) / 63.0) < 1e-5)
        #expect(abs(image[1024] - (100 - 123.0) / 62.1) < 1e-5)
        #expect(abs(image[2048] - (9 - 113.9) / 66.7) < 1e-5)

        try CIFARFiles.writeHundred(to: folder, below: "")
        let other = try load("cifar-100").train.minibatch([0]).features
        #expect(abs(other[0] - (99 - 129.3) / 68.2) < 1e-5)
        #expect(abs(other[1024] - (0 - 124.1) / 65.4) < 1e-5)
        #expect(abs(other[2048] - (0 - 112.4) / 70.4) < 1e-5)
    }

    @Test(
        "CIFAR-10 is found where the publisher's archive and torchvision put it",
        arguments: ["", "cifar-10", "cifar-10-batches-bin", "cifar-10/cifar-10-batches-bin"]
    )
    func places(_ place: String) throws {
        try CIFARFiles.writeTen(to: folder, below: place)
        #expect(try load().train.count == 6)
    }

    @Test(
        "CIFAR-100 is found where the publisher's archive puts it",
        arguments: ["", "cifar-100", "cifar-100-binary", "cifar-100/cifar-100-binary"]
    )
    func placesOfHundred(_ place: String) throws {
        try CIFARFiles.writeHundred(to: folder, below: place)
        #expect(try load("cifar-100").train.count == 2)
    }

    @Test("Where it is nowhere, the message lists the places, the files and the ways to get it")
    func notFound() {
        expectRefusal(
            "cifar-10",
            "cifar-10 was not found",
            "\(folder.path)/cifar-10/cifar-10-batches-bin",
            "data_batch_1.bin",
            "cifar-10-binary.tar.gz",
            "MANIFOLD_MIXUP_DATA",
            "data fetch cifar-10"
        )
    }

    @Test("The classes are named by the file that comes with the data, otherwise as published")
    func classNames() throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        #expect(try load().train.classNames == CIFAR.tenClassNames)
        #expect(CIFAR.tenClassNames.count == 10 && CIFAR.tenClassNames.last == "truck")
        #expect(Set(CIFAR.hundredClassNames).count == 100)
        #expect(CIFAR.hundredClassNames == CIFAR.hundredClassNames.sorted())

        let names = (0..<10).map { "class \($0)" }
        try folder.write(names.joined(separator: "\r\n") + "\n\n", to: "batches.meta.txt")
        #expect(try load().train.classNames == names)
    }

    @Test(
        "A file of names that does not fit is refused",
        arguments: ["", "one\ntwo\n", String(repeating: "same\n", count: 10)]
    )
    func wrongClassNames(_ text: String) throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        try folder.write(text, to: "batches.meta.txt")
        expectRefusal("cifar-10", "batches.meta.txt: 10 different names are needed")
    }

    @Test("A missing file of the six is named")
    func missing() throws {
        try CIFARFiles.writeTen(to: folder, below: "cifar-10")
        try FileManager.default.removeItem(atPath: "\(folder.path)/cifar-10/data_batch_3.bin")
        expectRefusal("cifar-10", "\(folder.path)/cifar-10: it lacks data_batch_3.bin;")
    }

    @Test("A folder in the place of a file is refused")
    func folderForFile() throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        let path = "\(folder.path)/data_batch_2.bin"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false
        )
        expectRefusal("cifar-10", "\(path): this is a folder; give a file")
    }

    @Test(
        "A file that is empty or not made of whole rows is refused",
        arguments: [0, 1, 3072, 3074]
    )
    func wrongSize(_ size: Int) throws {
        try CIFARFiles.writeTen(to: folder, below: "")
        try folder.write([UInt8](repeating: 0, count: size), to: "test_batch.bin")
        let reason = size == 0 ? "the file is empty" : "\(size) bytes are no whole number of rows"
        expectRefusal("cifar-10", "test_batch.bin: \(reason)")
    }

    @Test("A label outside the classes is refused with its row")
    func labels() throws {
        try CIFARFiles.writeTen(to: folder, below: "", train: [[0], [1], [2, 10], [3], [4]])
        expectRefusal("cifar-10", "data_batch_3.bin: row 1 has label 10", "10 classes are 0 to 9")
        try CIFARFiles.writeHundred(to: folder, below: "", train: [[19, 99], [2, 100]])
        expectRefusal("cifar-100", "train.bin: row 1 has label 100", "100 classes are 0 to 99")
        try CIFARFiles.writeHundred(to: folder, below: "", test: [[20, 0]])
        expectRefusal("cifar-100", "test.bin: row 0 has label 20", "20 classes are 0 to 19")
    }
}
