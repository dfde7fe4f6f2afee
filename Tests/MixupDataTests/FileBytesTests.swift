import Foundation
import Testing

@testable import MixupData

@Suite("Reading files")
struct FileBytesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func expectRefusal(
        _ reason: String,
        _ read: () throws -> [UInt8]
    ) {
        #expect {
            try read()
        } throws: { error in
            error is DataError && "\(error)".contains(reason)
        }
    }

    /// Random bytes do not shrink, so that their packed form fills the pipes as well.
    private func noise(_ count: Int) -> [UInt8] {
        var generator = SplitMix64(seed: 3)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test("A plain file is read as it is", arguments: [0, 1, 2, 300_000])
    func plain(_ size: Int) throws {
        let bytes = [UInt8](repeating: 65, count: size)
        #expect(try FileBytes.read(folder.write(bytes, to: "a b;$(c).csv")) == bytes)
    }

    @Test("A packed file larger than any pipe is unpacked", arguments: [0, 10, 3_000_000])
    func packed(_ size: Int) throws {
        let bytes = noise(size)
        #expect(try FileBytes.read(folder.writePacked(bytes, to: "-dash 'quote'.gz")) == bytes)
    }

    @Test("A packed file is recognised by its first bytes, whatever its name")
    func packedWithoutSuffix() throws {
        #expect(try FileBytes.read(folder.writePacked([1, 2, 3], to: "plain-name")) == [1, 2, 3])
    }

    @Test("A file that is not there, a folder, and a device are refused")
    func noFile() {
        expectRefusal("no such file") { try FileBytes.read(folder.path + "/none") }
        expectRefusal("this is a folder") { try FileBytes.read(folder.path) }
        expectRefusal("not a regular file") { try FileBytes.read("/dev/zero") }
    }

    @Test("A symbolic link is followed, and one that leads nowhere is no file")
    func links() throws {
        let target = try folder.write([9], to: "target")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(try FileBytes.read(link) == [9])
        try FileManager.default.removeItem(atPath: target)
        expectRefusal("no such file") { try FileBytes.read(link) }
    }

    @Test("A file above the limit is refused before it is read")
    func tooLarge() throws {
        let path = try folder.write([UInt8](repeating: 0, count: 101), to: "large")
        expectRefusal("has 101 bytes; the limit is 100") {
            try FileBytes.read(path, limit: 100)
        }
        #expect(try FileBytes.read(path, limit: 101).count == 101)
    }

    @Test("A small file that unpacks to more than the limit is stopped")
    func bomb() throws {
        let path = try folder.writePacked([UInt8](repeating: 0, count: 20_000_000), to: "bomb.gz")
        expectRefusal("larger than the limit of 1000000 bytes") {
            try FileBytes.read(path, limit: 1_000_000)
        }
        #expect(try FileBytes.read(path, limit: 20_000_000).count == 20_000_000)
    }

    @Test("A packed file that is cut short, altered or followed by something else is refused")
    func damaged() throws {
        let path = try folder.writePacked(noise(50_000), to: "whole.gz")
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        var altered = whole
        altered[whole.count / 2] ^= 0xFF
        let damaged = [
            Array(whole.prefix(whole.count / 2)), altered, whole + [1, 2, 3], [0x1F, 0x8B], [7], [],
        ]
        for (number, bytes) in damaged.enumerated() {
            let path = try folder.write(bytes, to: "damaged-\(number).gz")
            expectRefusal("\(path): gzip cannot unpack it") { try FileBytes.read(path) }
        }
    }

    private func unpack(_ path: String, searchPath: String) throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        return try Gzip.unpack(
            file,
            path: path,
            limit: 1 << 20,
            environment: ["PATH": searchPath]
        )
    }

    @Test("Where gzip is not installed, the message says so")
    func noGzip() throws {
        let path = try folder.writePacked([1], to: "a.gz")
        expectRefusal("\(path): gzip is not installed") {
            try unpack(path, searchPath: folder.path)
        }
    }

    @Test("A gzip that complains more than a pipe holds does not wait for ever")
    func complaints() throws {
        try folder.writeScript(
            """
            i=0
            while [ $i -lt 4000 ]; do
                echo "complaint number $i, with some more words to fill the pipe" >&2
                i=$((i + 1))
            done
            echo done
            """,
            to: "gzip"
        )
        let path = try folder.write([1], to: "a.gz")
        let search = "\(folder.path):/usr/bin:/bin"
        #expect(try unpack(path, searchPath: search) == Array("done\n".utf8))
    }

    @Test("The first words of gzip's complaint are in the message, on one line")
    func complaint() throws {
        try folder.writeScript("echo 'out of' >&2; echo 'patience' >&2; exit 3", to: "gzip")
        let path = try folder.write([1], to: "a.gz")
        expectRefusal("gzip cannot unpack it (out of patience)") {
            try unpack(path, searchPath: "\(folder.path):/usr/bin:/bin")
        }
    }

    @Test("A gzip that is killed is an error, not a short file")
    func killed() throws {
        try folder.writeScript("echo some output; kill -9 $$", to: "gzip")
        let path = try folder.write([1], to: "a.gz")
        expectRefusal("gzip cannot unpack it") {
            try unpack(path, searchPath: "\(folder.path):/usr/bin:/bin")
        }
    }
}
