import Foundation
import Testing

@testable import MixupData

@Suite("Verifying data sets")
struct VerificationTests {
    private let folder: TemporaryFolder
    private var data: String { "\(folder.path)/data" }

    init() throws { folder = try TemporaryFolder() }

    private func published(_ path: String, name: String, sha1: Bool = false) throws -> PublishedFile
    {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let empty: Checksum =
            sha1
            ? .sha1(String(repeating: "0", count: 40)) : .md5(String(repeating: "0", count: 32))
        let sum = try empty.measured(path)
        return PublishedFile(
            name: name,
            size: bytes.count,
            checksum: sha1 ? .sha1(sum) : .md5(sum)
        )
    }

    /// A small CIFAR-10, published as an archive; with the sums of its files where they are known.
    private func dataSet(hasMembers: Bool = true) throws -> KnownDataSet {
        let names = CIFAR.ten.trainFiles + [CIFAR.ten.testFile]
        try CIFARFiles.writeTen(
            to: folder,
            below: "content",
            train: [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]],
            test: Array(0...9)
        )
        let members = try names.map {
            try published("\(folder.path)/content/\($0)", name: $0, sha1: true)
        }
        try folder.write("", to: "data/cifar-10/other")
        try ArchiveFiles.pack("content", of: folder, as: "archive.tar.gz")
        let archive = try published("\(folder.path)/archive.tar.gz", name: "cifar-10-binary.tar.gz")
        return KnownDataSet(
            name: "cifar-10",
            task: "a test",
            shape: [3, 32, 32],
            classCount: 10,
            trainCount: 10,
            testCount: 10,
            address: "http://nowhere.invalid",
            files: [archive],
            members: hasMembers ? members : [],
            places: CIFAR.ten.places
        )
    }

    private func place(_ file: String, as name: String) throws {
        try FileManager.default.copyItem(
            atPath: "\(folder.path)/\(file)",
            toPath: "\(data)/\(name)"
        )
    }

    private func change(_ path: String, at position: Int, to byte: UInt8) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[position] = byte
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    private func verify(_ set: KnownDataSet) throws -> (isGood: Bool, lines: [VerificationLine]) {
        var lines: [VerificationLine] = []
        let roots = DataRoots(option: data, environment: [:], default: "")
        let cache = UnpackingCache(path: "\(folder.path)/cache")
        func unpack(_ path: String, _ check: (String) throws -> Void) throws -> String {
            try Archive(path: path, cache: cache).unpacked(check: check)
        }
        let verification = Verification(
            dataSet: set,
            roots: roots,
            unpack: unpack,
            load: {
                try CIFAR.ten.load(folder: CIFAR.ten.places.folder(in: roots, unpack: unpack))
            },
            report: { lines.append($0) }
        )
        let isGood = try verification.run()
        #expect(isGood == !lines.contains { $0.verdict == .bad })
        return (isGood, lines)
    }

    @Test("The publisher's archive is good, and its examples are counted")
    func archive() throws {
        let set = try dataSet()
        try place("archive.tar.gz", as: "cifar-10-binary.tar.gz")
        let (isGood, lines) = try verify(set)
        #expect(isGood)
        #expect(lines.count == 3)
        #expect(lines[0].subject == "\(data)/cifar-10-binary.tar.gz")
        #expect(lines[0].finding.hasSuffix("bytes, MD5 as published"))
        #expect(
            lines[1].finding == "10 examples of shape [3, 32, 32] in 10 classes, 1 to 1 a class"
        )
        #expect(lines[1].text.hasPrefix("ok    cifar-10 train: 10 examples"))
    }

    @Test("A repacked archive is good when each file in it is the publisher's")
    func repacked() throws {
        let set = try dataSet()
        try ArchiveFiles.pack("content", of: folder, as: "data/cifar-10-binary.tar.xz")
        let (isGood, lines) = try verify(set)
        #expect(isGood)
        #expect(lines.count == 9)
        #expect(lines[0].verdict == .note)
        #expect(lines[0].finding.contains("not the publisher's archive"))
        #expect(lines[6].subject.hasSuffix("cifar-10-binary.tar.xz: test_batch.bin"))
    }

    @Test("An archive of the publisher's name with another sum is compared file by file")
    func otherSum() throws {
        let set = try dataSet()
        let test = "\(folder.path)/content/test_batch.bin"
        try change(test, at: 3073 + 5, to: 77)
        try ArchiveFiles.pack("content", of: folder, as: "data/cifar-10-binary.tar.gz")
        let (isGood, lines) = try verify(set)
        #expect(!isGood)
        #expect(lines[0].verdict == .note)
        #expect(lines[0].finding.contains("not the publisher's file"))
        let bad = lines.filter { $0.verdict == .bad }
        #expect(bad.count == 1)
        #expect(bad[0].subject.hasSuffix("cifar-10-binary.tar.gz: test_batch.bin"))
        #expect(bad[0].finding.contains("its SHA-1 is"))
    }

    @Test("Without sums of its files, an archive with another sum is bad")
    func otherSumWithoutMembers() throws {
        let set = try dataSet(hasMembers: false)
        try folder.write("more", to: "content/more.txt")
        try ArchiveFiles.pack("content", of: folder, as: "data/cifar-10-binary.tar.gz")
        let (isGood, lines) = try verify(set)
        #expect(!isGood)
        #expect(lines[0].verdict == .bad)
    }

    @Test("Unpacked files are compared one by one")
    func folderOfFiles() throws {
        let set = try dataSet()
        try place("content", as: "cifar-10-batches-bin")
        #expect(try verify(set).isGood)
        let file = "\(data)/cifar-10-batches-bin/data_batch_2.bin"
        try change(file, at: 9, to: 200)
        let (isGood, lines) = try verify(set)
        #expect(!isGood)
        #expect(lines.filter { $0.verdict == .bad }.map(\.subject) == [file])
    }

    @Test("A label out of range, too few rows and an empty class are found")
    func content() throws {
        let set = try dataSet(hasMembers: false)
        try place("content", as: "cifar-10-batches-bin")
        let test = "\(data)/cifar-10-batches-bin/test_batch.bin"
        try change(test, at: 2 * 3073, to: 10)
        #expect(try verify(set).lines.last?.finding.contains("row 2 has label 10") == true)
        try change(test, at: 2 * 3073, to: 3)
        #expect(try verify(set).lines.last?.finding.hasSuffix("but none of class 2") == true)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: test))
        try bytes.prefix(9 * 3073).write(to: URL(fileURLWithPath: test))
        let last = try #require(try verify(set).lines.last)
        #expect(last.verdict == .bad)
        #expect(last.finding.contains("9 examples") && last.finding.contains("published are 10"))
    }

    @Test("An archive that cannot be unpacked is bad, not an end")
    func damaged() throws {
        let set = try dataSet()
        try folder.write("no archive", to: "data/cifar-10-binary.tar.gz")
        let (isGood, lines) = try verify(set)
        #expect(!isGood)
        #expect(lines.contains { $0.finding.contains("neither a tar") })
    }

    @Test("A data set that is not here is an error that lists the places")
    func notHere() throws {
        let set = try dataSet()
        #expect {
            _ = try verify(set)
        } throws: {
            "\($0)".contains("cifar-10 was not found") && "\($0)".contains(data)
        }
    }
}
