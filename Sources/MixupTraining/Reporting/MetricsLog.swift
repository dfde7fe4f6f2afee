import Foundation
import Glibc

/// One row of figures of a run.
public protocol MetricsRow: Encodable {
    /// The number of training steps that were done when the row was made.
    var step: Int { get }
}

/// The run's figures: one JSON object a line, handed to the system as soon as it is there.
///
/// A number that JSON cannot hold (NaN, ±∞) is written as null. Keys are in alphabetical order.
public final class MetricsLog {
    private let file: AppendedFile
    private let encoder = JSONEncoder()

    /// JSONEncoder can write NaN only as a text; this one becomes null afterwards.
    private static let notFinite = "\u{1}not finite\u{1}"
    private static let notFiniteInJSON = Data(#""\u0001not finite\u0001""#.utf8)

    /// Opens the log at the end, making the file where there is none.
    ///
    /// Throws ``FileError``.
    public init(path: String) throws {
        file = try AppendedFile(path: path)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.notFinite,
            negativeInfinity: Self.notFinite,
            nan: Self.notFinite
        )
    }

    /// Adds a row.
    ///
    /// Throws ``FileError``; half a row is then not left behind.
    public func append(_ row: some MetricsRow) throws {
        var line = try encoder.encode(row)
        while let range = line.range(of: Self.notFiniteInJSON) {
            line.replaceSubrange(range, with: Data("null".utf8))
        }
        line.append(UInt8(ascii: "\n"))
        try file.append(line)
    }

    /// The rows of the log at `path`, without a last line that was cut off in writing; none where
    /// there is no log.
    ///
    /// Throws ``FileError``, or ``MetricsLogError`` for any other line that is not such a row.
    static func read<Row: MetricsRow & Decodable>(_ path: String, as _: Row.Type) throws -> [Row] {
        let lines = try content(of: path).split(separator: UInt8(ascii: "\n"))
        var rows: [Row] = []
        for (index, line) in lines.enumerated() {
            if let row = try? JSONDecoder().decode(Row.self, from: line) {
                rows.append(row)
            } else if index < lines.count - 1 {
                throw MetricsLogError(path: path, line: index + 1)
            }
        }
        return rows
    }

    /// Drops what a continued run will write again, from the log at `path`.
    ///
    /// These are the rows of steps after `step`, and a last line that was cut off in writing.
    /// A log that does not exist is left so. Call it before the log is opened.
    /// Throws ``FileError``, or ``MetricsLogError`` for any other line that is not a row.
    public static func truncate(_ path: String, afterStep step: Int) throws {
        let content = try content(of: path)
        let lines = content.split(separator: UInt8(ascii: "\n"))
        var kept = Data()
        for (index, line) in lines.enumerated() {
            guard let row = try? JSONDecoder().decode(Step.self, from: line) else {
                if index == lines.count - 1 { break }
                throw MetricsLogError(path: path, line: index + 1)
            }
            guard row.step <= step else { continue }
            kept.append(line)
            kept.append(UInt8(ascii: "\n"))
        }
        guard kept != content else { return }
        try AtomicFile.write(kept, to: path)
    }

    /// What is in a log; nothing where there is none.
    private static func content(of path: String) throws -> Data {
        guard FilePath.kind(of: path) != nil else { return Data() }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw FileError("read", path, code: EIO)
        }
        return content
    }

    private struct Step: Decodable {
        let step: Int
    }
}

/// A line in the middle of a log that is not one of its rows.
public struct MetricsLogError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// The log.
    public let path: String
    /// The line, from 1, empty ones not counted.
    public let line: Int

    /// The message, one line.
    public var description: String {
        "\(path):\(line): is not a row with a step; repair or remove the line".onOneLine
    }

    /// The message, for Foundation's callers.
    public var errorDescription: String? { description }
}
