import Foundation
import Glibc

/// Curves for TensorBoard: an event file with scalars.
///
/// `tensorboard --logdir FOLDER` shows every run below the folder. The file is a sequence of
/// `tensorflow.Event` messages in the frames of a TFRecord file. These fields are used:
///
/// | message | field | number | type |
/// | --- | --- | --- | --- |
/// | `Event` | `wall_time`, seconds since 1970 | 1 | double |
/// | | `step` | 2 | int64 |
/// | | `file_version`, in the first event: `brain.Event:2` | 3 | string |
/// | | `summary` | 5 | `Summary` |
/// | | `session_log`, in the second event | 7 | `SessionLog` |
/// | `Summary` | `value`, one a scalar | 1 | `Value` |
/// | `Value` | `tag` | 1 | string |
/// | | `simple_value` | 2 | float |
/// | `SessionLog` | `status`, here START = 1 | 1 | enum |
public final class TensorBoardLog {
    private static let prefix = "events.out.tfevents."
    private let file: AppendedFile

    /// Makes a new event file in a folder, for a training that goes on after `step`.
    ///
    /// TensorBoard then drops what other event files of the folder say of later steps.
    /// Throws ``FileError``.
    public init(folder: String, afterStep step: Int) throws {
        file = try AppendedFile(path: FilePath.join(folder, Self.name(in: folder)))
        var version = Self.event(step: 0)
        version.add(3, "brain.Event:2")
        var status = ProtocolBuffer()
        status.add(1, 1 as Int64)
        // A reader drops the steps from this one on.
        var start = Self.event(step: step &+ 1)
        start.add(7, status)
        try file.append(TFRecord.framed(version.bytes) + TFRecord.framed(start.bytes))
    }

    /// Adds scalars of one step, in single precision.
    ///
    /// Throws ``FileError``; half an event is then not left behind.
    public func append(_ scalars: [(tag: String, value: Double)], step: Int) throws {
        var summary = ProtocolBuffer()
        for scalar in scalars {
            var value = ProtocolBuffer()
            value.add(1, scalar.tag)
            value.add(2, Float(scalar.value))
            summary.add(1, value)
        }
        var event = Self.event(step: step)
        event.add(5, summary)
        try file.append(TFRecord.framed(event.bytes))
    }

    private static func event(step: Int) -> ProtocolBuffer {
        var event = ProtocolBuffer()
        event.add(1, Date().timeIntervalSince1970)
        event.add(2, Int64(step))
        return event
    }

    /// `events.out.tfevents.TIME.HOST.PID`, after all that are there: readers go by the order of
    /// the names, and two starts may fall into one second.
    private static func name(in folder: String) -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let times = names.filter { $0.hasPrefix(prefix) }
            .compactMap { Int($0.dropFirst(prefix.count).prefix { $0.isNumber }) }
        // More than ten digits would not sort; such a file is not of this kind.
        let latest = times.filter { $0 < 9_999_999_999 }.max() ?? 0
        let time = max(Int(Date().timeIntervalSince1970), latest + 1)
        return "\(prefix)\(String(format: "%010ld", time)).\(host).\(getpid())"
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let text = String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
        return text.isEmpty ? "localhost" : text.replacing("/", with: "-")
    }
}
