import Foundation
import Glibc

/// Names for what is being written: hidden, beside the target, and known again after a crash.
///
/// A name is `.NAME.PID-RANDOM.partial`.
enum TemporaryName {
    private static let ending = ".partial"

    /// A new name in the folder of the target.
    static func beside(_ target: String) -> String {
        let random = UInt64.random(in: .min ... .max)
        let stem = stem(of: FilePath.name(of: target))
        let name = "\(stem)\(getpid())-\(String(random, radix: 16))\(ending)"
        return FilePath.join(FilePath.parent(of: target), name)
    }

    /// Removes every such name from a folder.
    ///
    /// Only for a folder that nobody else writes to at the time.
    static func sweep(_ folder: String) {
        sweep(folder) { $0.hasPrefix(".") && process(in: $0) != nil }
    }

    /// Removes what processes that are gone have left in the folder of the target, for it.
    static func sweep(besides target: String) {
        let stem = stem(of: FilePath.name(of: target))
        sweep(FilePath.parent(of: target)) { name in
            guard name.hasPrefix(stem), let process = process(in: name) else { return false }
            return kill(process, 0) != 0 && errno == ESRCH
        }
    }

    private static func sweep(_ folder: String, where isStale: (String) -> Bool) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where isStale(name) {
            try? FileManager.default.removeItem(atPath: FilePath.join(folder, name))
        }
    }

    /// The start of the names for a target; a name may have 255 bytes in all.
    private static func stem(of name: String) -> String {
        var short = name
        while short.utf8.count > 180 { short.removeLast() }
        return ".\(short)."
    }

    /// The process that a temporary name belongs to, or nil for any other name.
    private static func process(in name: String) -> pid_t? {
        guard name.hasSuffix(ending) else { return nil }
        let parts = name.dropLast(ending.count).split(separator: ".").last?.split(separator: "-")
        guard let parts, parts.count == 2, UInt64(parts[1], radix: 16) != nil else { return nil }
        return pid_t(parts[0]).flatMap { $0 > 0 ? $0 : nil }
    }
}
