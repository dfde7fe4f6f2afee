import Foundation
import Synchronization
import Testing

@testable import MixupData

@Suite("Archives")
struct ArchiveTests {
    private let folder: TemporaryFolder
    private var cachePath: String { "\(folder.path)/cache" }

    init() throws { folder = try TemporaryFolder() }

    private func archive(_ name: String, limit: Int = 1 << 30) -> Archive {
        Archive(
            path: "\(folder.path)/\(name)",
            limit: limit,
            cache: UnpackingCache(path: cachePath)
        )
    }

    private func unpack(_ name: String, limit: Int = 1 << 30) throws -> String {
        try archive(name, limit: limit).unpacked { _ in }
    }

    private func cached() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: cachePath)) ?? []
    }

    /// Unpacking must fail with these words, in one line, and leave nothing.
    private func expectRefusal(_ name: String, limit: Int = 1 << 30, _ words: String...) {
        #expect {
            _ = try unpack(name, limit: limit)
        } throws: { error in
            let text = "\(error)"
            return error is DataError && text.hasPrefix("\(folder.path)/\(name): ")
                && words.allSatisfy { text.contains($0) } && text.allSatisfy { !$0.isNewline }
        }
        #expect(cached() == [])
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static let names = ["a b.tar.gz", "a.tar.xz", "a.tar", "-a:b.zip"]

    @Test("A tar of every kind and a zip are unpacked, whatever they are called", arguments: names)
    func formats(_ name: String) throws {
        try folder.write([1, 2, 3], to: "content/inner/file.bin")
        try folder.write("text", to: "content/-rf 'quoted'")
        try ArchiveFiles.pack("content", of: folder, as: name)
        let unpacked = try unpack(name)
        #expect(try bytes("\(unpacked)/inner/file.bin") == [1, 2, 3])
        #expect(try bytes("\(unpacked)/-rf 'quoted'") == Array("text".utf8))
        #expect(cached() == [URL(fileURLWithPath: unpacked).lastPathComponent])
    }

    @Test(
        "The second time nothing is unpacked and nothing said; a changed archive is unpacked anew"
    )
    func once() throws {
        try folder.write("first", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        let said = Mutex<[String]>([])
        // Other tests unpack at the same time, elsewhere.
        let own = folder.path
        DataNotice.listener = { line in
            if line.contains(own) { said.withLock { $0.append(line) } }
        }
        defer { DataNotice.listener = nil }
        let first = try unpack("a.tar.gz")
        #expect(try unpack("a.tar.gz") == first)
        #expect(said.withLock { $0.count } == 1)
        #expect(said.withLock { $0[0] }.hasPrefix("unpacking \(folder.path)/a.tar.gz into"))

        try folder.write("second, longer", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        let second = try unpack("a.tar.gz")
        #expect(second != first)
        #expect(try bytes("\(second)/file") == Array("second, longer".utf8))
    }

    @Test("An unpacked folder from which somebody has removed a file is made anew")
    func tampered() throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        func folderWithFile() throws -> String {
            try archive("a.tar.gz").unpacked { folder in
                guard FileBytes.kind(of: "\(folder)/file") != nil else {
                    throw DataError.invalidSplit(reason: "no file")
                }
            }
        }
        let first = try folderWithFile()
        try FileManager.default.removeItem(atPath: "\(first)/file")
        #expect(try folderWithFile() == first)
        #expect(try bytes("\(first)/file") == Array("text".utf8))
    }

    @Test("What the check refuses is not kept")
    func check() throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        #expect(throws: DataError.invalidSplit(reason: "no")) {
            _ = try archive("a.tar.gz").unpacked { _ in throw DataError.invalidSplit(reason: "no") }
        }
        #expect(cached() == [])
    }

    @Test("An archive that is cut short or altered is refused and leaves nothing", arguments: names)
    func damaged(_ name: String) throws {
        var generator = SplitMix64(seed: 1)
        let noise = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try folder.write(noise, to: "content/noise")
        try ArchiveFiles.pack("content", of: folder, as: name)
        let whole = try bytes("\(folder.path)/\(name)")
        try folder.write(Array(whole.prefix(whole.count / 2)), to: name)
        expectRefusal(name, "cannot unpack it", "get it again")
        // A tar that is not packed has no check sum of its content.
        guard name != "a.tar" else { return }
        var altered = whole
        altered[whole.count / 2] ^= 0xFF
        try folder.write(altered, to: name)
        expectRefusal(name, "cannot unpack it", "get it again")
    }

    @Test("What is no archive is refused", arguments: ["", "<html>not found</html>"])
    func noArchive(_ text: String) throws {
        try folder.write(text, to: "a.tar.gz")
        expectRefusal("a.tar.gz", "neither a tar (.gz, .xz, .bz2) nor a zip archive")
    }

    @Test("A missing archive and a folder of its name are refused")
    func noFile() throws {
        expectRefusal("none.zip", "no such file")
        try folder.write("text", to: "folder.zip/file")
        expectRefusal("folder.zip", "no such file")
    }

    @Test(
        "Links, pipes and devices are refused",
        arguments: [
            "add('out', type=tarfile.SYMTYPE, linkname='/etc/passwd')",
            "add('in', b'x'); add('link', type=tarfile.SYMTYPE, linkname='in')",
            "add('in', b'x'); add('hard', type=tarfile.LNKTYPE, linkname='in')",
            "add('pipe', type=tarfile.FIFOTYPE)",
            "add('d', type=tarfile.DIRTYPE, mode=0); add('d/pipe', type=tarfile.FIFOTYPE)",
        ]
    )
    func links(_ script: String) throws {
        try ArchiveFiles.tar(script, in: folder, as: "a.tar")
        expectRefusal("a.tar", "a link or a device; only files and folders are taken")
    }

    @Test(
        "Names that lead out of the folder write nothing there",
        arguments: [
            "add('../escaped', b'x')", "add('a/../../escaped', b'x')",
            "add('link', type=tarfile.SYMTYPE, linkname='..'); add('link/escaped', b'x')",
        ]
    )
    func escape(_ script: String) throws {
        try ArchiveFiles.tar(script, in: folder, as: "a.tar")
        expectRefusal("a.tar")
        #expect(FileBytes.kind(of: "\(folder.path)/escaped") == nil)
        #expect(FileBytes.kind(of: "\(cachePath)/escaped") == nil)
    }

    @Test("An absolute name stays within the folder, or is refused")
    func absolute() throws {
        let outside = "\(folder.path)/outside"
        try ArchiveFiles.tar("add('\(outside)', b'x')", in: folder, as: "a.tar")
        _ = try? unpack("a.tar")
        #expect(FileBytes.kind(of: outside) == nil)
    }

    @Test("Files without permissions are readable, and foreign owners and special bits do not stay")
    func permissions() throws {
        try ArchiveFiles.tar(
            "add('d', type=tarfile.DIRTYPE, mode=0o700); add('d/f', b'x', mode=0, uid=4242)",
            in: folder,
            as: "a.tar"
        )
        let path = "\(try unpack("a.tar"))/d/f"
        #expect(try bytes(path) == [120])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.ownerAccountID] as? UInt32 == getuid())
    }

    @Test(
        "An archive that unpacks to more than the limit is refused",
        arguments: ["b.tar.xz", "b.zip"]
    )
    func bomb(_ name: String) throws {
        try folder.write([UInt8](repeating: 0, count: 3_000_000), to: "content/zeros")
        try ArchiveFiles.pack("content", of: folder, as: name)
        expectRefusal(name, limit: 2_999_999, "larger than the limit of 2999999 bytes")
        _ = try unpack(name, limit: 3_000_000)
    }

    @Test("An archive that goes on for ever is stopped at the limit")
    func endless() throws {
        let place = "\(folder.path)/bin"
        let script = "/usr/bin/head -c 2000000 /dev/zero > zeros; exec /bin/sleep 60"
        try folder.writeScript(script, to: "bin/tar")
        try folder.writeScript("exit 0", to: "bin/gzip")
        try folder.write([0x1F, 0x8B], to: "a.tar.gz")
        var archive = archive("a.tar.gz", limit: 1_000_000)
        archive.environment["PATH"] = place
        #expect {
            _ = try archive.unpacked { _ in }
        } throws: {
            "\($0)".contains("larger than the limit")
        }
        #expect(cached() == [])
    }

    @Test(
        "A missing program is named with its package",
        arguments: [
            ("a.tar.gz", [], "tar is needed", "package tar"),
            ("a.tar.xz", ["tar"], "xz is needed", "package xz-utils"),
            ("a.zip", ["tar"], "unzip is needed", "package unzip"),
        ]
    )
    func noProgram(_ name: String, _ present: [String], _ need: String, _ package: String) throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: name)
        try folder.write("", to: "bin/unrelated")
        for program in present { try folder.writeScript("exit 0", to: "bin/\(program)") }
        var archive = archive(name)
        archive.environment["PATH"] = "\(folder.path)/bin"
        #expect {
            _ = try archive.unpacked { _ in }
        } throws: {
            "\($0)".contains(need) && "\($0)".contains(package)
        }
        #expect(cached() == [])
    }

    @Test("A program that is killed in the middle leaves nothing")
    func killed() throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        try folder.writeScript("echo half > file; kill -9 $$", to: "bin/tar")
        var archive = archive("a.tar.gz")
        archive.environment["PATH"] = "\(folder.path)/bin:/usr/bin:/bin"
        #expect {
            _ = try archive.unpacked { _ in }
        } throws: {
            "\($0)".contains("tar cannot unpack it")
        }
        #expect(cached() == [])
    }

    @Test("What dead processes left is removed, what living ones are making stays")
    func stale() throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        // No process has an id above the kernel's limit of 2^22.
        try folder.write("half", to: "cache/.a.tar.gz-1-2.5000000-ab.partial/file")
        try folder.write("half", to: "cache/.a.tar.gz-1-2.\(getpid())-ab.partial/file")
        let whole = URL(fileURLWithPath: try unpack("a.tar.gz")).lastPathComponent
        #expect(Set(cached()) == [whole, ".a.tar.gz-1-2.\(getpid())-ab.partial"])
    }

    @Test("Several that unpack the same archive at once all get the whole of it")
    func atOnce() async throws {
        try folder.write([UInt8](repeating: 7, count: 2_000_000), to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        let archive = archive("a.tar.gz")
        let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { try FolderTree.size(archive.unpacked { _ in }) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sizes == [2_000_000, 2_000_000, 2_000_000, 2_000_000])
        #expect(cached().count == 1)
    }

    @Test("A cache that cannot be made is said, with the way out")
    func noCache() throws {
        try folder.write("text", to: "content/file")
        try ArchiveFiles.pack("content", of: folder, as: "a.tar.gz")
        try folder.write("a file", to: "cache")
        #expect {
            _ = try unpack("a.tar.gz")
        } throws: {
            "\($0)".contains("cannot be unpacked into \(cachePath)")
                && "\($0)".contains("XDG_CACHE_HOME")
        }
    }

    private static let canMount =
        (try? ArchiveFiles.run(
            "sh",
            ["-c", "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d && rmdir $d"],
            in: "/"
        )) != nil

    @Test(
        "A disk that fills up is said, and nothing is left on it",
        .enabled(if: canMount, "a small disk can only be mounted as root"),
        arguments: ["a.tar.xz", "a.zip"]
    )
    func fullDisk(_ name: String) throws {
        try folder.write([UInt8](repeating: 0, count: 3_000_000), to: "content/zeros")
        try ArchiveFiles.pack("content", of: folder, as: name)
        try folder.write("", to: "small/mount-point")
        let mount = "\(folder.path)/small"
        let options = ["-t", "tmpfs", "-o", "size=1m", "none", mount]
        try ArchiveFiles.run("mount", options, in: folder.path)
        defer { try? ArchiveFiles.run("umount", [mount], in: folder.path) }
        var archive = archive(name)
        archive.cache = UnpackingCache(path: "\(mount)/cache")
        #expect {
            _ = try archive.unpacked { _ in }
        } throws: {
            "\($0)".contains("there is no room to unpack it in \(mount)/cache")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(mount)/cache") == [])
    }

    @Test("The cache is in XDG_CACHE_HOME, otherwise in .cache of the home folder")
    func cachePlace() {
        func place(_ environment: [String: String]) -> String {
            UnpackingCache(environment: environment).path
        }
        #expect(place(["XDG_CACHE_HOME": "/c", "HOME": "/h"]) == "/c/manifold-mixup")
        #expect(place(["XDG_CACHE_HOME": "relative", "HOME": "/h"]) == "/h/.cache/manifold-mixup")
        #expect(place(["XDG_CACHE_HOME": "", "HOME": "/h"]) == "/h/.cache/manifold-mixup")
        #expect(place([:]).hasSuffix("/.cache/manifold-mixup"))
    }
}
