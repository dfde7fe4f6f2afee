import Foundation
import Glibc
import Testing

@testable import MixupData

@Suite("Fetching files")
struct DownloadTests {
    private let folder: TemporaryFolder
    private let server: DownloadServer
    private let content: [UInt8]
    private let file: PublishedFile
    private var target: String { "\(folder.path)/new/folder/f.bin" }
    private var partial: String { "\(target).partial" }

    init() throws {
        folder = try TemporaryFolder()
        var generator = SplitMix64(seed: 5)
        content = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let path = try folder.write(content, to: "f.bin")
        let sum = try Checksum.md5("00000000000000000000000000000000").measured(path)
        file = PublishedFile(name: "f.bin", size: content.count, checksum: .md5(sum))
        server = try DownloadServer.shared.get()
    }

    private func address(_ behaviour: String) -> String {
        server.address("f.bin", of: folder, behaviour: behaviour)
    }

    private func download(_ behaviour: String) -> Download {
        var environment = ProcessInfo.processInfo.environment
        for name in environment.keys where name.lowercased().hasSuffix("_proxy") {
            environment[name] = nil
        }
        return Download(
            file: file,
            address: address(behaviour),
            folder: "\(folder.path)/new/folder",
            stall: 1,
            tries: 3,
            pause: 0.01,
            environment: environment
        )
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func expectWhole() throws {
        #expect(try bytes(target) == content)
        #expect(FileBytes.kind(of: partial) == nil)
    }

    /// The fetch must fail with these words, in one line, and leave no file of the final name.
    private func expectRefusal(_ behaviour: String, keeps: Int?, _ words: String...) throws {
        #expect {
            _ = try download(behaviour).run { _ in }
        } throws: { error in
            error is DataError && words.allSatisfy { "\(error)".contains($0) }
                && "\(error)".allSatisfy { !$0.isNewline }
        }
        #expect(FileBytes.kind(of: target) == nil)
        if let keeps {
            #expect(try bytes(partial) == Array(content.prefix(keeps)))
        } else {
            // Not even the folders that were made for it.
            #expect(FileBytes.kind(of: "\(folder.path)/new") == nil)
        }
    }

    @Test("A file is fetched, its progress told, and is not fetched again")
    func good() throws {
        var received: [Int] = []
        #expect(try download("good").run { received.append($0) })
        try expectWhole()
        #expect(received.first == 0 && received.last == content.count)
        #expect(received == received.sorted())
        #expect(try !download("missing").run { _ in })
        #expect(try DownloadServer.ranges(folder) == [""])
    }

    @Test(
        "A fetch goes on after a cut, a stall, a redirection, a busy server",
        arguments: [
            ("cut", ["", "bytes=100000-", "bytes=200000-"]), ("stall", ["", "bytes=50000-"]),
            ("redirect", ["", ""]), ("busy", ["", "", ""]),
        ]
    )
    func goesOn(_ behaviour: String, _ ranges: [String]) throws {
        #expect(try download(behaviour).run { _ in })
        try expectWhole()
        #expect(try DownloadServer.ranges(folder) == ranges)
    }

    @Test("A later fetch goes on from what an earlier one left")
    func resumes() throws {
        try folder.write(Array(content.prefix(1234)), to: "new/folder/f.bin.partial")
        #expect(try download("good").run { _ in })
        try expectWhole()
        #expect(try DownloadServer.ranges(folder) == ["bytes=1234-"])
    }

    @Test(
        "What an earlier fetch left and does not fit is fetched anew",
        arguments: [[0, 1, 2, 3], Array(repeating: 9, count: 300_000)]
    )
    func wrongStart(_ bytes: [UInt8]) throws {
        try folder.write(bytes, to: "new/folder/f.bin.partial")
        #expect(try download("good").run { _ in })
        try expectWhole()
    }

    @Test("A partial file that is longer than the whole is thrown away")
    func tooLongStart() throws {
        try folder.write(content + [1], to: "new/folder/f.bin.partial")
        #expect(try download("good").run { _ in })
        try expectWhole()
        #expect(try DownloadServer.ranges(folder) == [""])
    }

    @Test("A whole file that only lacks its name is not fetched again")
    func wholeStart() throws {
        try folder.write(content, to: "new/folder/f.bin.partial")
        #expect(try download("good").run { _ in })
        try expectWhole()
        #expect(FileBytes.kind(of: "\(folder.path)/requests.log") == nil)
    }

    @Test(
        "A server that knows no ranges, or answers them wrongly, is asked for the whole",
        arguments: ["no-ranges", "wrong-bytes", "other-range"]
    )
    func ranges(_ behaviour: String) throws {
        #expect(try download(behaviour).run { _ in })
        try expectWhole()
        #expect(try DownloadServer.ranges(folder).last == "")
    }

    @Test("A server that always cuts and knows no ranges is given up")
    func neverWhole() throws {
        try expectRefusal("never-ranges", keeps: nil, "cannot be fetched")
        #expect(try DownloadServer.ranges(folder).count < 10)
    }

    @Test("Bytes that were altered are not kept", arguments: ["corrupt", "corrupt-once"])
    func corrupt(_ behaviour: String) throws {
        try expectRefusal(
            behaviour,
            keeps: nil,
            "\(address(behaviour)): this is not the publisher's file: its MD5 is",
            file.checksum.digits
        )
        if behaviour == "corrupt-once" {
            #expect(try download(behaviour).run { _ in })
            try expectWhole()
        }
    }

    @Test("A file of another size is not kept")
    func size() throws {
        try expectRefusal("short", keeps: nil, "it has 150000 bytes, the publisher's has 300000")
        try expectRefusal("long", keeps: nil, "it has more than 300000 bytes")
    }

    @Test("A file that is not on the server is not asked for twice, and the way out is said")
    func missing() throws {
        try expectRefusal("missing", keeps: nil, "404", "--from")
        #expect(try DownloadServer.ranges(folder).count == 1)
    }

    @Test("A busy server is asked a few times")
    func alwaysBusy() throws {
        try expectRefusal("always-busy", keeps: nil, "503")
        #expect(try DownloadServer.ranges(folder).count == 3)
    }

    @Test("A server may not point to a file of this machine")
    func redirectToFile() throws {
        try expectRefusal("to-file", keeps: nil, "cannot be fetched")
    }

    @Test("A server that always stalls is given up when it brings nothing; the part is kept")
    func alwaysStalls() throws {
        var download = download("always-stall")
        download.tries = 1
        try folder.write(Array(content.prefix(250_000)), to: "new/folder/f.bin.partial")
        // The last 50,000 bytes come before each stall, so this one still ends well.
        #expect(try download.run { _ in })
        try expectWhole()
    }

    @Test("A network that is not there, and a host that is not, are said; the part is kept")
    func noNetwork() throws {
        try folder.write(Array(content.prefix(1000)), to: "new/folder/f.bin.partial")
        for address in ["http://127.0.0.1:1/f.bin", "http://no-such-host.invalid/f.bin"] {
            let usual = download("good")
            let download = Download(
                file: file,
                address: address,
                folder: usual.folder,
                stall: 5,
                tries: 2,
                pause: 0.01,
                environment: usual.environment
            )
            #expect {
                _ = try download.run { _ in }
            } throws: {
                "\($0)".hasPrefix("\(address): it cannot be fetched (")
                    && "\($0)".contains("check the network")
            }
            #expect(try bytes(partial) == Array(content.prefix(1000)))
        }
    }

    @Test("Where curl is not installed, the message says so")
    func noCurl() throws {
        var download = download("good")
        download.environment["PATH"] = "\(folder.path)/nowhere"
        #expect {
            _ = try download.run { _ in }
        } throws: {
            "\($0)".contains("curl is needed and not installed; install the package curl")
        }
        #expect(FileBytes.kind(of: "\(folder.path)/new") == nil)
    }

    @Test("A curl that is killed is asked again, and what it brought stays")
    func killedCurl() throws {
        let path = "\(folder.path)/f.bin"
        try folder.writeScript(
            """
            if [ -e '\(folder.path)/second' ]; then exec /usr/bin/curl "$@"; fi
            /usr/bin/head -c 70000 '\(path)'
            echo > '\(folder.path)/second'
            kill -9 $$
            """,
            to: "bin/curl"
        )
        var download = download("good")
        download.environment["PATH"] = "\(folder.path)/bin:/usr/bin:/bin"
        #expect(try download.run { _ in })
        try expectWhole()
        #expect(try DownloadServer.ranges(folder) == ["bytes=70000-"])
    }

    @Test("Another file under the final name stays, and is said")
    func otherFile() throws {
        try folder.write("mine", to: "new/folder/f.bin")
        #expect {
            _ = try download("good").run { _ in }
        } throws: {
            "\($0)".contains("\(target): it is here already and not the publisher's file")
        }
        #expect(try bytes(target) == Array("mine".utf8))
    }

    @Test("Two at once do not write into one another")
    func locked() throws {
        let other = try PartialFile(target: target)
        #expect {
            _ = try download("good").run { _ in }
        } throws: {
            "\($0)".contains("another process is fetching it")
        }
        other.remove()
    }

    @Test("A link, a folder or a pipe in the place of the partial file is refused")
    func strangePartial() throws {
        let victim = try folder.write("mine", to: "victim")
        try folder.write("", to: "new/folder/other")
        let make: [() throws -> Void] = [
            {
                try FileManager.default.createSymbolicLink(
                    atPath: partial,
                    withDestinationPath: victim
                )
            },
            {
                try FileManager.default.createDirectory(
                    atPath: partial,
                    withIntermediateDirectories: false
                )
            },
            { mkfifo(partial, 0o600) },
        ]
        for make in make {
            try make()
            #expect(throws: DataError.self) { _ = try download("good").run { _ in } }
            try FileManager.default.removeItem(atPath: partial)
        }
        #expect(try bytes(victim) == Array("mine".utf8))
    }

    @Test("A folder that cannot be made is said")
    func noFolder() throws {
        try folder.write("a file", to: "new")
        #expect {
            _ = try download("good").run { _ in }
        } throws: {
            "\($0)".contains("the folder cannot be made") && "\($0)".contains("--data-dir")
        }
    }
}
