import Foundation
import Testing

@testable import MixupData

@Suite("Data sets in archives")
struct ArchivedDataTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load() throws -> DataSplits {
        let roots = DataRoots(option: "\(folder.path)/data", environment: [:], default: "")
        let cache = UnpackingCache(path: "\(folder.path)/cache")
        let place = try CIFAR.ten.places.folder(in: roots) { path, check in
            try Archive(path: path, cache: cache).unpacked(check: check)
        }
        return try CIFAR.ten.load(folder: place)
    }

    private func pack(_ name: String) throws {
        let file = URL(fileURLWithPath: "\(folder.path)/data/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try ArchiveFiles.pack("content", of: folder, as: "data/\(name)")
    }

    @Test(
        "CIFAR-10 is read from an archive, with its folder or without",
        arguments: ["cifar-10-binary.tar.gz", "cifar-10/cifar-10-binary.tar.xz"],
        ["", "/cifar-10-batches-bin"]
    )
    func archive(_ name: String, _ inner: String) throws {
        try CIFARFiles.writeTen(to: folder, below: "content\(inner)")
        try pack(name)
        #expect(try load().train.labels == [0, 1, 2, 3, 9, 4])
        #expect(try load().test.labels == [9, 0])
    }

    @Test("Unpacked files go before an archive beside them")
    func precedence() throws {
        try CIFARFiles.writeTen(to: folder, below: "content")
        try pack("cifar-10-binary.zip")
        try CIFARFiles.writeTen(to: folder, below: "data/cifar-10", test: [5])
        #expect(try load().test.labels == [5])
    }

    @Test("An archive without the files, or with some of them, is refused by its name")
    func members() throws {
        try folder.write("text", to: "content/readme.txt")
        try pack("cifar-10-binary.tar.gz")
        let archive = "\(folder.path)/data/cifar-10-binary.tar.gz"
        #expect {
            try load()
        } throws: {
            "\($0)".hasPrefix("\(archive): the archive holds none of data_batch_1.bin")
        }
        try CIFARFiles.writeTen(to: folder, below: "content")
        try FileManager.default.removeItem(atPath: "\(folder.path)/content/test_batch.bin")
        try pack("cifar-10-binary.tar.gz")
        #expect {
            try load()
        } throws: {
            "\($0)".hasPrefix("\(archive): it lacks test_batch.bin;")
        }
        let cached = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/cache")
        #expect(cached == [])
    }
}
