import Foundation
import Glibc
import Testing

@testable import MixupTraining

@Suite("Files, folders and links that appear whole or not at all")
struct AtomicFileTests {
    @Test("A file is written, replaced, and leaves nothing beside it")
    func write() throws {
        let folder = try ScratchFolder()
        let data = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try AtomicFile.write(data, to: folder.path("a"))
        #expect(FileManager.default.contents(atPath: folder.path("a")) == data)
        try AtomicFile.write("short", to: folder.path("a"))
        #expect(try folder.text("a") == "short")
        try AtomicFile.write(Data(), to: folder.path("a"))
        #expect(try folder.text("a").isEmpty)
        #expect(try folder.names() == ["a"])
    }

    @Test("A reader sees the old content or the new one, never a mixture")
    func readersSeeWholeFiles() async throws {
        let folder = try ScratchFolder()
        let path = folder.path("a")
        let contents = [Data(repeating: 1, count: 200_000), Data(repeating: 2, count: 300_000)]
        try AtomicFile.write(contents[0], to: path)
        let reader = Task.detached {
            var seen = 0
            while !Task.isCancelled {
                guard let data = FileManager.default.contents(atPath: path) else { return -1 }
                guard contents.contains(data) else { return -1 }
                seen += 1
            }
            return seen
        }
        for round in 0..<60 {
            try AtomicFile.write(contents[round % 2], to: path)
            await Task.yield()
        }
        reader.cancel()
        #expect(await reader.value >= 0)
    }

    @Test("A failure names the file and the system's reason, and keeps what was there")
    func failures() throws {
        let folder = try ScratchFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("target"),
            withIntermediateDirectories: false
        )
        #expect(throws: FileError("write", folder.path("target"), code: EISDIR)) {
            try AtomicFile.write("text", to: folder.path("target"))
        }
        #expect(try folder.names() == ["target"])

        let missing = folder.path("missing/file")
        #expect(throws: FileError("write", missing, code: ENOENT)) {
            try AtomicFile.write("text", to: missing)
        }
        let error = FileError("write", "a\nb", code: ENOSPC)
        let text = "cannot write a\\nb: No space left on device; free some space"
        #expect(error.description == text)
    }

    @Test("A full disk is reported as such")
    func fullDisk() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        #expect(throws: FileError("write", "a.bin", code: ENOSPC)) {
            try FileDescriptor.writeAll(Data(count: 100), to: full, path: "a.bin")
        }
    }

    @Test("A name of the greatest length can be written")
    func longName() throws {
        let folder = try ScratchFolder()
        let name = String(repeating: "é", count: 127)
        try AtomicFile.write("x", to: folder.path(name))
        #expect(try folder.names() == [name])
        #expect(throws: FileError.self) { try AtomicFile.write("x", to: folder.path(name + "éé")) }
        #expect(try folder.names() == [name])
    }

    @Test("A folder appears with all its files, and replaces the one before")
    func folders() throws {
        let folder = try ScratchFolder()
        let path = folder.path("step")
        try AtomicFolder.write(to: path + "/") { hidden in
            try "1".write(toFile: "\(hidden)/one", atomically: false, encoding: .utf8)
            try FileManager.default.createDirectory(
                atPath: "\(hidden)/inner",
                withIntermediateDirectories: false
            )
            try "2".write(toFile: "\(hidden)/inner/two", atomically: false, encoding: .utf8)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        #expect(try folder.names(in: "step") == ["inner", "one"])
        #expect(try folder.text("step/inner/two") == "2")

        try AtomicFolder.write(to: path) { hidden in
            #expect(try folder.text("step/one") == "1")
            try "3".write(toFile: "\(hidden)/three", atomically: false, encoding: .utf8)
        }
        #expect(try folder.names(in: "step") == ["three"])
        #expect(try folder.names() == ["step"])
    }

    @Test("A folder that fails leaves nothing, and the one before stays")
    func failingFolders() throws {
        struct Failure: Error {}
        let folder = try ScratchFolder()
        func attempt() throws {
            try AtomicFolder.write(to: folder.path("step")) { hidden in
                try "half".write(toFile: "\(hidden)/a", atomically: false, encoding: .utf8)
                throw Failure()
            }
        }
        #expect(throws: Failure.self) { try attempt() }
        #expect(try folder.names() == [])
        try AtomicFolder.write(to: folder.path("step")) { hidden in
            try "whole".write(toFile: "\(hidden)/a", atomically: false, encoding: .utf8)
        }
        #expect(throws: Failure.self) { try attempt() }
        #expect(try folder.text("step/a") == "whole")
        #expect(try folder.names() == ["step"])

        try folder.write("", "file")
        #expect(throws: FileError("write", folder.path("file"), code: ENOTDIR)) {
            try AtomicFolder.write(to: folder.path("file")) { _ in }
        }
        #expect(throws: FileError("write", folder.path("step"), code: ENOTEMPTY)) {
            try AtomicFolder.write(to: folder.path("step"), replacing: false) { _ in }
        }
        #expect(try folder.names() == ["file", "step"])
    }

    @Test("What a killed process left is swept, and nothing else")
    func sweep() throws {
        let folder = try ScratchFolder()
        let stale = FilePath.name(of: TemporaryName.beside(folder.path("step-100")))
        try FileManager.default.createDirectory(
            atPath: folder.path(stale),
            withIntermediateDirectories: false
        )
        try folder.write("half", "\(stale)/weights")
        try folder.write("half", FilePath.name(of: TemporaryName.beside(folder.path("a.json"))))
        let kept = [".hidden", ".a.partial", ".a.b-c.partial", "a.1-2.partial", "data"]
        for name in kept { try folder.write("kept", name) }
        AtomicFolder.sweep(folder.path)
        #expect(try folder.names() == kept.sorted())
    }

    @Test("Beside a target only what processes that are gone left for it is swept")
    func sweepBeside() throws {
        let folder = try ScratchFolder()
        // No process has an id above the system's limit of 2^22.
        let dead = ".run.2000000000-ab.partial"
        let others = [".run.\(getpid())-ab.partial", ".other.2000000000-ab.partial"]
        for name in [dead] + others { try folder.write("", name) }
        TemporaryName.sweep(besides: folder.path("run"))
        #expect(try folder.names() == others.sorted())
    }

    @Test("A link is made, replaced, and never makes a folder of itself")
    func links() throws {
        let folder = try ScratchFolder()
        try folder.write("1", "one")
        try folder.write("2", "two")
        try Symlink.replace(folder.path("last"), target: "one")
        #expect(try folder.text("last") == "1")
        try Symlink.replace(folder.path("last"), target: "two")
        #expect(try folder.text("last") == "2")
        #expect(Symlink.target(of: folder.path("last")) == "two")
        #expect(Symlink.target(of: folder.path("one")) == nil)
        #expect(try folder.names() == ["last", "one", "two"])

        try FileManager.default.createDirectory(
            atPath: folder.path("folder"),
            withIntermediateDirectories: false
        )
        #expect(throws: FileError("link", folder.path("folder"), code: EISDIR)) {
            try Symlink.replace(folder.path("folder"), target: "one")
        }
        #expect(try folder.names() == ["folder", "last", "one", "two"])
    }
}
