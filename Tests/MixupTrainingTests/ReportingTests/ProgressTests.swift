import Testing

@testable import MixupTraining

@Suite("Progress")
struct ProgressTests {
    private let halfway = TrainingProgress(
        epoch: 3,
        epochs: 40,
        step: 9,
        steps: 18,
        loss: 0.123456,
        learningRate: 0.1,
        examplesPerSecond: 12345.6,
        remaining: 75
    )

    private func style(_ width: Int, colour: Bool = false, unicode: Bool = false)
        -> ProgressLine.Style
    {
        .init(width: width, colour: colour, unicode: unicode)
    }

    @Test("A wide terminal shows everything")
    func wide() {
        let line = ProgressLine.terminal(halfway, style: style(120))
        for part in [
            "epoch  3/40", "50%", "loss 0.1235", "1m 15s left", "12346 examples/s", "lr 0.1", "#-",
        ] {
            #expect(line.contains(part), "\(line)")
        }
        #expect(line.count(where: { $0 == "#" }) == line.count(where: { $0 == "-" }))
    }

    @Test("No line is as wide as its terminal, and each shows at least as much as a narrower one")
    func everyWidth() {
        var fewer = 0
        for width in 0...200 {
            let line = ProgressLine.terminal(halfway, style: style(width, unicode: true))
            #expect(line.count <= max(0, width - 1))
            let figures = ["loss", "left", "examples/s", "lr"].count { line.contains($0) }
            #expect(figures >= fewer)
            fewer = figures
        }
        #expect(fewer == 4)
        let narrow = ProgressLine.terminal(halfway, style: style(45))
        #expect(narrow.contains("loss"))
        #expect(!narrow.contains("lr"))
    }

    @Test("Colours take no room and can be left out")
    func colours() {
        for width in [40, 80, 120] {
            let plain = ProgressLine.terminal(halfway, style: style(width))
            let coloured = ProgressLine.terminal(halfway, style: style(width, colour: true))
            #expect(!plain.contains("\u{1B}"))
            let stripped = coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            #expect(stripped == plain)
            #expect(coloured != plain)
            #expect(coloured.contains("\u{1B}[0m"))
        }
    }

    @Test("Odd figures are shown somehow")
    func oddFigures() {
        var odd = halfway
        odd.loss = .nan
        odd.learningRate = .infinity
        odd.examplesPerSecond = .infinity
        odd.remaining = .nan
        odd.steps = 0
        #expect(ProgressLine.terminal(odd, style: style(120)).contains("100%"))
        odd.step = 30
        odd.steps = 18
        odd.epoch = 50
        #expect(ProgressLine.plain(odd).contains("loss nan"))
        odd.step = -3
        #expect(ProgressLine.terminal(odd, style: style(120)).contains(" 0%"))
    }

    @Test("Durations are short")
    func durations() {
        let expected = [
            (0.2, "0s"), (59.4, "59s"), (59.6, "1m 00s"), (184, "3m 04s"), (7500, "2h 05m"),
            (97200, "1d 03h"), (.infinity, "?"), (.nan, "?"), (-1, "?"),
        ]
        for (seconds, text) in expected { #expect(ProgressLine.duration(seconds) == text) }
    }

    @Test("The meter measures the rate and the time that is left")
    func meter() {
        var meter = ProgressMeter()
        var last = halfway
        // 2 epochs of 10 steps of 50 examples, a step a tenth of a second, after slow start-up.
        for step in 0..<20 {
            let progress = TrainingProgress(
                epoch: step / 10 + 1,
                epochs: 2,
                step: step % 10 + 1,
                steps: 10,
                loss: 1,
                learningRate: 1
            )
            last = meter.measure(progress, examples: 50, now: 100 + 0.1 * Double(step))
            if step == 0 {
                #expect(last.examplesPerSecond == nil)
                #expect(last.remaining == nil)
            } else {
                #expect(abs((last.examplesPerSecond ?? 0) - 500) < 1e-6)
                #expect(abs((last.remaining ?? -1) - 0.1 * Double(19 - step)) < 1e-6)
            }
        }
        #expect(abs((last.remaining ?? -1)) < 1e-6)
    }

    @Test("A run that continues counts only its own steps")
    func continued() {
        var meter = ProgressMeter()
        var progress = TrainingProgress(
            epoch: 90,
            epochs: 100,
            step: 10,
            steps: 10,
            loss: 1,
            learningRate: 1
        )
        _ = meter.measure(progress, examples: 1, now: 0)
        progress.epoch = 91
        let second = meter.measure(progress, examples: 1, now: 60)
        #expect(second.remaining == 540)
    }

    /// A bar with a clock that the test turns, and everything that it wrote.
    private final class Recorder {
        var time = 0.0
        var written: [String] = []

        func bar(_ mode: ProgressBar.Mode) -> ProgressBar {
            ProgressBar(
                mode: mode,
                style: { .init(width: 80, colour: false, unicode: false) },
                clock: { self.time },
                output: { self.written.append($0) }
            )
        }

        /// Runs epochs of steps that take `duration` seconds each.
        func run(_ bar: ProgressBar, epochs: Int, steps: Int, duration: Double) {
            for epoch in 1...epochs {
                for step in 1...steps {
                    time += duration
                    let progress = TrainingProgress(
                        epoch: epoch,
                        epochs: epochs,
                        step: step,
                        steps: steps,
                        loss: 1,
                        learningRate: 0.1
                    )
                    bar.update(progress, examples: 10)
                }
            }
        }
    }

    @Test("A terminal's line is drawn again at most ten times a second, on one line")
    func redraws() {
        let recorder = Recorder()
        let bar = recorder.bar(.terminal)
        recorder.run(bar, epochs: 1, steps: 3000, duration: 0.001)
        #expect((20...31).contains(recorder.written.count))
        #expect(recorder.written.allSatisfy { $0.hasPrefix("\r\u{1B}[2K") && !$0.contains("\n") })
        bar.finish()
        #expect(recorder.written.last == "\r\u{1B}[2K")
        let count = recorder.written.count
        bar.finish()
        #expect(recorder.written.count == count)
    }

    @Test("A note stands above the line, which comes back at once")
    func notes() {
        let recorder = Recorder()
        let bar = recorder.bar(.terminal)
        recorder.run(bar, epochs: 1, steps: 2, duration: 0.001)
        bar.note("test error 1.5 %")
        #expect(recorder.written.suffix(2) == ["\r\u{1B}[2K", "test error 1.5 %\n"])
        let count = recorder.written.count
        recorder.run(bar, epochs: 1, steps: 1, duration: 0.001)
        #expect(recorder.written.count == count + 1)
    }

    @Test("Elsewhere there is a plain line every ten seconds and at the end of each epoch")
    func plainLines() {
        let slow = Recorder()
        slow.run(slow.bar(.plain), epochs: 1, steps: 100, duration: 1)
        #expect((9...11).contains(slow.written.count))
        let quick = Recorder()
        quick.run(quick.bar(.plain), epochs: 5, steps: 100, duration: 0.001)
        #expect(quick.written.count == 5)
        for line in slow.written + quick.written {
            #expect(line.hasSuffix("\n") && !line.contains("\u{1B}") && !line.contains("\r"))
        }
    }

    @Test("Quiet is silent")
    func silent() {
        let recorder = Recorder()
        let bar = recorder.bar(.silent)
        recorder.run(bar, epochs: 2, steps: 100, duration: 1)
        bar.note("note")
        bar.finish()
        #expect(recorder.written.isEmpty)
    }

    @Test("Colours and characters follow the environment")
    func environment() {
        #expect(Terminal.style(environment: [:]).colour)
        #expect(Terminal.style(environment: ["NO_COLOR": ""]).colour)
        #expect(!Terminal.style(environment: ["NO_COLOR": "1"]).colour)
        #expect(Terminal.isUnicode(environment: ["LANG": "en_GB.UTF-8"]))
        #expect(Terminal.isUnicode(environment: ["LC_ALL": "", "LC_CTYPE": "C.utf8"]))
        #expect(!Terminal.isUnicode(environment: ["LC_ALL": "C", "LANG": "en_GB.UTF-8"]))
        #expect(!Terminal.isUnicode(environment: [:]))
    }
}
