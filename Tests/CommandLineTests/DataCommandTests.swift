import Foundation
import Testing

@Suite("manifold-mixup data")
struct DataCommandTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// Runs the tool where no variable points to data of this machine.
    private func run(_ arguments: String...) throws -> Tool.Result {
        try Tool.run(
            ["data"] + arguments,
            in: folder,
            environment: [
                "MANIFOLD_MIXUP_DATA": "", "XDG_CACHE_HOME": folder.url.path, "no_proxy": "*",
            ]
        )
    }

    @Test("list names every data set, where it is, and how to get it")
    func list() throws {
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("data/cifar-100"),
            withIntermediateDirectories: true
        )
        _ = try folder.file("data/cifar-100/cifar-100-binary.tar.gz", "not looked into")
        let result = try run("list")
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        func line(_ name: String) -> Substring { lines.first { $0.hasPrefix("\(name) ") } ?? "" }
        #expect(line("digits").hasSuffix("built in"))
        #expect(line("cifar-100").hasSuffix("./data/cifar-100/cifar-100-binary.tar.gz"))
        for name in ["mnist", "cifar-10", "svhn", "tiny-imagenet"] {
            #expect(line(name).hasSuffix("manifold-mixup data fetch \(name)"))
        }
    }

    @Test("verify says what is wrong with which file, and exits with 1")
    func verify() throws {
        let good = try run("verify")
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.output.hasPrefix("ok    digits train: 1348 examples"))

        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("mine/mnist"),
            withIntermediateDirectories: true
        )
        _ = try folder.file("mine/mnist/t10k-labels-idx1-ubyte.gz", "text")
        let bad = try run("verify", "mnist", "--data-dir", "mine")
        #expect(bad.status == 1)
        #expect(bad.errors.isEmpty)
        #expect(
            bad.output.hasPrefix(
                "bad   mine/mnist/t10k-labels-idx1-ubyte.gz: not the publisher's file: "
                    + "it has 4 bytes, the publisher's has 4542\n"
            )
        )
        #expect(bad.output.contains("the folder lacks train-images-idx3-ubyte"))
    }

    @Test("What does not exist or cannot be is refused with one line")
    func refused() throws {
        let cases: [(arguments: [String], status: Int32, says: String)] = [
            (["verify", "imagenet"], 64, "known are digits, mnist"),
            (["verify", "cifar-10"], 1, "cifar-10 was not found"),
            (["fetch", "imagenet"], 64, "known are digits, mnist"),
            (["fetch", "digits"], 64, "built in"),
            (["fetch", "mnist", "--from", "file:///etc"], 64, "http://"),
            (["fetch"], 64, "name"),
        ]
        for test in cases {
            let result = try Tool.run(
                ["data"] + test.arguments,
                in: folder,
                environment: ["MANIFOLD_MIXUP_DATA": ""]
            )
            #expect(result.status == test.status)
            #expect(result.errorLines.count == 1, "\(result.errors)")
            #expect(result.errors.contains(test.says), "\(result.errors)")
        }
        #expect(!folder.exists("data"))
    }

    /// Serves the files below a folder with Python's own server.
    private func serve(_ path: String) throws -> (process: Process, address: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", path,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // "Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ..."
        var line = ""
        while !line.hasSuffix(")"),
            let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty
        {
            line += String(decoding: byte, as: UTF8.self)
        }
        let address = line.split(separator: "(").last.map { String($0.dropLast(2)) }
        return (process, try #require(address))
    }

    @Test("A file with another content is not kept, and nothing is left")
    func wrongContent() throws {
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("mirror"),
            withIntermediateDirectories: true
        )
        _ = try folder.file("mirror/train-images-idx3-ubyte.gz", "text")
        let (server, address) = try serve(folder.url.path + "/mirror")
        defer { kill(server.processIdentifier, SIGKILL) }
        let wrong = try run("fetch", "mnist", "--from", address)
        #expect(wrong.status == 1)
        #expect(wrong.errorLines.count == 1, "\(wrong.errors)")
        #expect(wrong.errors.contains("train-images-idx3-ubyte.gz: this is not the publisher's"))
        let missing = try run("fetch", "svhn", "--from", address + "/")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("404"), "\(missing.errors)")
        #expect(!folder.exists("data"))
    }

    private static let realMNIST = Tool.packageRoot
        .appendingPathComponent("../shared/data/mnist").standardizedFileURL.path

    @Test(
        "The publisher's files are fetched, found and verified",
        .enabled(
            if: FileManager.default.fileExists(atPath: realMNIST),
            "needs ../shared/data/mnist beside the package"
        )
    )
    func fetch() throws {
        let (server, address) = try serve(Self.realMNIST)
        defer { kill(server.processIdentifier, SIGKILL) }
        let fetched = try run("fetch", "mnist", "--from", address, "--data-dir", "sets")
        #expect(fetched.status == 0, "\(fetched.errors)")
        #expect(fetched.output == "mnist is here; use it by --data mnist --data-dir sets\n")
        #expect(fetched.errorLines.count == 4)
        let again = try run("fetch", "mnist", "--from", "http://127.0.0.1:1", "--data-dir", "sets")
        #expect(again.status == 0, "\(again.errors)")
        let verified = try run("verify", "mnist", "--data-dir", "sets")
        #expect(verified.status == 0)
        let lines = verified.output.split(separator: "\n")
        #expect(lines.count == 6 && lines.allSatisfy { $0.hasPrefix("ok ") })
    }
}
