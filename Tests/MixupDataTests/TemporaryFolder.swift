import Foundation

/// A folder for one test's files; it goes when the test has ended.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("mixup-data-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders it stands in, and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: file)
        return file.path
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Writes a file packed by gzip, and returns its path.
    @discardableResult
    func writePacked(_ bytes: [UInt8], to name: String) throws -> String {
        let plain = try write(bytes, to: "\(name).plain")
        let packed = try write([UInt8](), to: name)
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-c", plain]
        gzip.standardOutput = FileHandle(forWritingAtPath: packed)
        try gzip.run()
        gzip.waitUntilExit()
        try FileManager.default.removeItem(atPath: plain)
        return packed
    }

    /// Writes a shell script that other programs find when this folder is their `PATH`.
    func writeScript(_ text: String, to name: String) throws {
        let script = try write("#!/bin/sh\n\(text)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    }
}

/// The content of an IDX file of unsigned bytes.
func idx(_ dimensions: [Int], _ elements: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0, 0, 8, UInt8(dimensions.count)]
    let sizes = dimensions.flatMap { size in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) }
    }
    return header + sizes + elements
}
