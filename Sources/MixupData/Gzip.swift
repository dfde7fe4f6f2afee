import Foundation

/// Unpacks gzip files with the system's `gzip`.
enum Gzip {
    /// Everything that `file` holds, unpacked.
    ///
    /// - Parameters:
    ///   - file: the packed file, open for reading, at its start.
    ///   - path: what messages call it.
    ///   - limit: the largest size in bytes that may come out.
    ///   - environment: where `gzip` is looked for; this process's own where it is not given.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` where there is no `gzip`, and
    ///   ``DataError/invalidFile(path:reason:)`` where it cannot unpack the file or more than
    ///   `limit` bytes come out.
    static func unpack(
        _ file: FileHandle,
        path: String,
        limit: Int,
        environment: [String: String]? = nil
    ) throws -> [UInt8] {
        let gzip = Process()
        let output = Pipe()
        let complaints = Pipe()
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gzip.arguments = ["gzip", "-dc"]
        gzip.environment = environment
        gzip.standardInput = file
        gzip.standardOutput = output
        gzip.standardError = complaints
        do {
            try gzip.run()
        } catch {
            throw DataError.unreadableFile(
                path: path,
                reason: "gzip cannot be started: \(error.localizedDescription)"
            )
        }
        let complaint = Drain(complaints.fileHandleForReading)
        var bytes: [UInt8] = []
        var isTooLarge = false
        while let chunk = try output.fileHandleForReading.read(upToCount: 1 << 20), !chunk.isEmpty {
            bytes += chunk
            if bytes.count > limit {
                isTooLarge = true
                gzip.terminate()
                break
            }
        }
        // A process that still writes is told by the closed pipe that nobody reads.
        try output.fileHandleForReading.close()
        gzip.waitUntilExit()
        let reason = complaint.finish()
        if isTooLarge {
            throw DataError.invalidFile(
                path: path,
                reason: "unpacked, it is larger than the limit of \(limit) bytes"
            )
        }
        if gzip.terminationReason == .exit, gzip.terminationStatus == 127 {
            throw DataError.unreadableFile(
                path: path,
                reason: "gzip is not installed; install it, or unpack the file"
            )
        }
        guard gzip.terminationReason == .exit, gzip.terminationStatus == 0 else {
            throw DataError.invalidFile(
                path: path,
                reason: "gzip cannot unpack it (\(reason)); the file is damaged, get it again"
            )
        }
        return bytes
    }
}

/// Reads a pipe on a thread of its own, so that its writer never waits, and keeps the start.
///
/// Unchecked, because the compiler cannot see that the thread writes `start` only before the
/// semaphore is signalled, and everybody else reads it only after.
final class Drain: @unchecked Sendable {
    private var start = Data()
    private let isDone = DispatchSemaphore(value: 0)

    init(_ pipe: FileHandle) {
        Thread.detachNewThread { [self] in
            while let chunk = try? pipe.read(upToCount: 1 << 12), !chunk.isEmpty {
                if start.count < 200 { start += chunk.prefix(200) }
            }
            isDone.signal()
        }
    }

    /// The first words that were written, after the writer has closed the pipe.
    func finish() -> String {
        isDone.wait()
        let words = String(decoding: start, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return words.isEmpty ? "it gives no reason" : words.joined(separator: " ")
    }
}
