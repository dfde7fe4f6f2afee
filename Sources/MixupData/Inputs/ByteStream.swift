import Foundation

/// The bytes of a file, of a packed one, or of standard input, one part after the other, so that the
/// memory does not grow with the file.
final class ByteStream {
    /// What messages call it.
    let name: String

    /// How standard input is named on a command line.
    static let standardInput = "-"
    /// A line of more bytes is none of a table.
    static let lineLimit = 1 << 26
    private static let chunkSize = 1 << 18

    private let source: FileHandle
    private let gzip: Process?
    private let complaint: Drain?
    private var chunk: [UInt8] = []
    private var position = 0
    private var isAtEnd = false

    /// Opens a file or a pipe, or standard input for `-`; a file that begins like a gzip file is unpacked.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)``.
    init(path: String) throws {
        if path == Self.standardInput {
            (name, source, gzip, complaint) = ("stdin", .standardInput, nil, nil)
            return
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw DataError.unreadableFile(
                path: path,
                reason: "the file cannot be opened; check its permissions"
            )
        }
        name = path
        guard FileBytes.kind(of: path) == .typeRegular, try Self.isPacked(file, path) else {
            (source, gzip, complaint) = (file, nil, nil)
            return
        }
        let program = SystemProgram("gzip")
        try program.require(for: path)
        let process = Process()
        let output = Pipe()
        let complaints = Pipe()
        process.executableURL = program.executable.map { URL(fileURLWithPath: $0) }
        process.arguments = ["-dc"]
        process.standardInput = file
        process.standardOutput = output
        process.standardError = complaints
        do {
            try process.run()
        } catch {
            throw DataError.unreadableFile(
                path: path,
                reason: "gzip cannot be started: \(error.localizedDescription)"
            )
        }
        (source, gzip) = (output.fileHandleForReading, process)
        complaint = Drain(complaints.fileHandleForReading)
    }

    /// Whether a file begins like a gzip file; it is at its start before and after.
    private static func isPacked(_ file: FileHandle, _ path: String) throws -> Bool {
        do {
            let beginning = try file.read(upToCount: 2)
            try file.seek(toOffset: 0)
            return beginning?.elementsEqual([0x1F, 0x8B]) == true
        } catch {
            throw DataError.unreadableFile(
                path: path,
                reason: "the file cannot be read: \(error.localizedDescription)"
            )
        }
    }

    deinit {
        guard let gzip else { return }
        // Who still writes is told by the closed pipe that nobody reads.
        try? source.close()
        gzip.waitUntilExit()
    }

    /// The next bytes, fewer than `count` only at the end.
    ///
    /// - Throws: ``DataError`` where the file cannot be read or unpacked.
    func bytes(_ count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        while result.count < count, try fill() {
            let end = min(position + count - result.count, chunk.count)
            result += chunk[position..<end]
            position = end
        }
        return result
    }

    /// The bytes at the present position, without moving on: at most as many as one part has.
    func peek() throws -> ArraySlice<UInt8> {
        try fill() ? chunk[position...] : []
    }

    /// The next line without its end; nothing at the end of the file.
    ///
    /// - Throws: ``DataError`` where the file cannot be read or unpacked, or a line is too long.
    func line() throws -> [UInt8]? {
        var result: [UInt8] = []
        var hasLine = false
        while try fill() {
            hasLine = true
            let rest = chunk[position...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            result += rest[..<(end ?? rest.endIndex)]
            position = end.map { $0 + 1 } ?? chunk.count
            if end != nil { break }
            guard result.count <= Self.lineLimit else {
                throw DataError.invalidFile(
                    path: name,
                    reason: "a line has more than \(Self.lineLimit) bytes; this is no table"
                )
            }
        }
        return hasLine ? result : nil
    }

    /// Makes sure that there are bytes at the position; false at the end.
    private func fill() throws -> Bool {
        guard position == chunk.count else { return true }
        guard !isAtEnd else { return false }
        let data: Data
        do {
            data = try source.read(upToCount: Self.chunkSize) ?? Data()
        } catch {
            throw DataError.unreadableFile(
                path: name,
                reason: "the file cannot be read: \(error.localizedDescription)"
            )
        }
        (chunk, position) = ([UInt8](data), 0)
        isAtEnd = chunk.isEmpty
        if isAtEnd { try finish() }
        return !isAtEnd
    }

    /// Asks gzip, at the end, whether it was the file's end too.
    private func finish() throws {
        guard let gzip, let complaint else { return }
        gzip.waitUntilExit()
        guard gzip.terminationReason == .exit, gzip.terminationStatus == 0 else {
            throw DataError.invalidFile(
                path: name,
                reason:
                    "gzip cannot unpack it (\(complaint.finish())); the file is damaged, get it "
                    + "again"
            )
        }
    }
}
