import Foundation

/// The memory that this process holds, as Linux counts it.
public enum ResidentMemory {
    /// What it holds now, in KiB.
    public static func nowKiB() throws -> Int { try read("VmRSS") }

    /// The most that it has held so far, in KiB.
    public static func peakKiB() throws -> Int { try read("VmHWM") }

    private static func read(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        let words = line?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 3, let kibibytes = Int(words[1]) else {
            throw TrainingError.impossible("this system does not tell a process's memory (\(name))")
        }
        return kibibytes
    }
}
