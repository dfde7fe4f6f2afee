import Foundation

/// Writes progress as text.
///
/// Pure: no clock, no terminal.
public enum ProgressLine {
    /// What the terminal can show.
    public struct Style: Equatable, Sendable {
        /// Columns of the terminal.
        public var width: Int
        /// Whether colours are wanted.
        public var colour: Bool
        /// Whether characters beyond ASCII can be shown.
        public var unicode: Bool

        /// A style with the given properties.
        public init(width: Int, colour: Bool, unicode: Bool) {
            self.width = width
            self.colour = colour
            self.unicode = unicode
        }
    }

    private static let barWidths = 8...32

    /// One line for a terminal, at most `width` − 1 columns wide so that it never wraps.
    ///
    /// Where there is little room the least important figures go first, the bar after them.
    public static func terminal(_ progress: TrainingProgress, style: Style) -> String {
        let room = max(0, style.width - 1)
        let start = "\(progress.unit) \(epoch(progress))"
        let percent = "\(Int(progress.fraction * 100))%"
        let figures = figures(progress)

        for count in stride(from: figures.count, through: 0, by: -1) {
            let end = ([percent] + figures[figures.count - count..<figures.count].reversed())
                .joined(separator: "  ")
            let free = room - start.count - end.count - 2
            guard free >= barWidths.lowerBound else { continue }
            let bar = bar(progress, width: min(free, barWidths.upperBound), style: style)
            return "\(start) \(bar) \(end)"
        }
        return String("\(start) \(percent)".prefix(room))
    }

    /// One line for a file or a pipe, without a bar.
    public static func plain(_ progress: TrainingProgress) -> String {
        let start = "\(progress.unit) \(epoch(progress))  step \(progress.step)/\(progress.steps)"
        return ([start] + figures(progress).reversed()).joined(separator: "  ")
    }

    /// Seconds as 12s, 3m 04s, 2h 05m or 1d 03h.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return switch whole {
        case ..<60: "\(whole)s"
        case ..<3600: "\(whole / 60)m \(two(whole % 60))s"
        case ..<86400: "\(whole / 3600)h \(two(whole / 60 % 60))m"
        default: "\(whole / 86400)d \(two(whole / 3600 % 24))h"
        }
    }

    /// The figures, least important first.
    private static func figures(_ progress: TrainingProgress) -> [String] {
        [
            "lr \(short(progress.learningRate, digits: 3))",
            progress.examplesPerSecond.map { "\(rate($0)) examples/s" },
            progress.remaining.map { "\(duration($0)) left" },
            "loss \(short(progress.loss, digits: 4))",
        ].compactMap(\.self)
    }

    /// The epoch, padded so that the line does not shift when a digit is added.
    private static func epoch(_ progress: TrainingProgress) -> String {
        let all = "\(progress.epochs)"
        let current = "\(progress.epoch)"
        let padding = String(repeating: " ", count: max(0, all.count - current.count))
        return "\(padding)\(current)/\(all)"
    }

    private static func bar(_ progress: TrainingProgress, width: Int, style: Style) -> String {
        let done = Int(progress.fraction * Double(width))
        let full = String(repeating: style.unicode ? "━" : "#", count: done)
        let rest = String(repeating: style.unicode ? "─" : "-", count: width - done)
        return style.colour ? "\u{1B}[32m\(full)\u{1B}[2;39m\(rest)\u{1B}[0m" : full + rest
    }

    private static func short(_ number: Double, digits: Int) -> String {
        String(format: "%.\(digits)g", number)
    }

    private static func rate(_ rate: Double) -> String {
        guard rate.isFinite else { return "?" }
        return rate < 1000 ? short(rate, digits: 3) : String(format: "%.0f", rate)
    }
}
