import Foundation
import Glibc

/// What the process is connected to.
enum Terminal {
    /// Columns and abilities of the terminal on standard error.
    static func style(environment: [String: String]) -> ProgressLine.Style {
        ProgressLine.Style(
            width: width(environment: environment),
            colour: (environment["NO_COLOR"] ?? "").isEmpty,
            unicode: isUnicode(environment: environment)
        )
    }

    /// The columns, asked anew each time because a window can be resized.
    private static func width(environment: [String: String]) -> Int {
        var size = winsize()
        if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
            return Int(size.ws_col)
        }
        return environment["COLUMNS"].flatMap { Int($0) }.map { min(max($0, 1), 1000) } ?? 80
    }

    /// Whether the locale's text is UTF-8; the first of the three that is set decides.
    static func isUnicode(environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy
            .compactMap { environment[$0] }
            .first { !$0.isEmpty }
        return (locale ?? "").lowercased().replacing("-", with: "").contains("utf8")
    }

    /// Seconds on a clock that never goes back.
    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Writes to standard error; training does not stop because nobody listens.
    static func write(_ text: String) {
        try? FileDescriptor.writeAll(Data(text.utf8), to: STDERR_FILENO, path: "standard error")
    }
}
