import Foundation
import Glibc

/// Shows on standard error how far training is.
///
/// On a terminal it is one line, drawn again at most ten times a second. Elsewhere a plain line
/// is written every ten seconds and at the end of each epoch.
public final class ProgressBar {
    /// Where progress goes.
    public enum Mode: Equatable, Sendable {
        /// A line on a terminal that is drawn again and again.
        case terminal
        /// Plain lines.
        case plain
        /// Nothing.
        case silent
    }

    private static let eraseLine = "\r\u{1B}[2K"

    private let mode: Mode
    private let style: () -> ProgressLine.Style
    private let clock: () -> Double
    private let output: (String) -> Void

    private var meter = ProgressMeter()
    private var lastShown: Double?
    private var lineIsOpen = false

    /// A bar for standard error: silent, a terminal's or a file's as the case may be.
    ///
    /// `NO_COLOR` turns colours off, `TERM=dumb` the terminal's line.
    public convenience init(quiet: Bool = false) {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        let mode: Mode = quiet ? .silent : isTerminal ? .terminal : .plain
        self.init(
            mode: mode,
            style: { Terminal.style(environment: environment) },
            clock: Terminal.seconds,
            output: Terminal.write
        )
    }

    /// A bar with its own terminal and clock; the clock counts seconds from anywhere.
    init(
        mode: Mode,
        style: @escaping () -> ProgressLine.Style,
        clock: @escaping () -> Double,
        output: @escaping (String) -> Void
    ) {
        self.mode = mode
        self.style = style
        self.clock = clock
        self.output = output
    }

    /// Takes note of a step; `examples` is how many examples it had.
    ///
    /// Cheap enough for every step: what is drawn, and how often, is decided here.
    public func update(_ progress: TrainingProgress, examples: Int) {
        guard mode != .silent else { return }
        let now = clock()
        let progress = meter.measure(progress, examples: examples, now: now)
        mode == .terminal ? redraw(progress, now: now) : writeLine(progress, now: now)
    }

    /// Writes a line that stays, above the bar.
    public func note(_ line: String) {
        guard mode != .silent else { return }
        erase()
        output(line + "\n")
    }

    /// Removes the bar.
    ///
    /// Call it before anything else is written to the terminal.
    public func finish() {
        erase()
    }

    private func redraw(_ progress: TrainingProgress, now: Double) {
        guard now - (lastShown ?? -.infinity) >= 0.1 else { return }
        lastShown = now
        output(Self.eraseLine + ProgressLine.terminal(progress, style: style()))
        lineIsOpen = true
    }

    private func writeLine(_ progress: TrainingProgress, now: Double) {
        // The first step says nothing yet, and a file can wait.
        let last = lastShown ?? now
        lastShown = last
        guard now - last >= 10 || progress.step >= progress.steps else { return }
        lastShown = now
        output(ProgressLine.plain(progress) + "\n")
    }

    private func erase() {
        guard lineIsOpen else { return }
        output(Self.eraseLine)
        lineIsOpen = false
        lastShown = nil
    }
}
