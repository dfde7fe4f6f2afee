/// Measures examples a second and the time that is left, on a clock that the caller reads.
struct ProgressMeter {
    /// Seconds over which the rate is averaged before it is smoothed.
    private static let window = 1.0

    private var first: (epochs: Double, time: Double)?
    private var windowStart = 0.0
    private var windowExamples = 0
    private var rate: Double?

    /// Counts the examples since the last call and fills in the two figures.
    ///
    /// `now` is in seconds. The first call only starts the count: the time before it belongs to
    /// start-up, and a run that continues starts in the middle of its epochs.
    mutating func measure(
        _ progress: TrainingProgress,
        examples: Int,
        now: Double
    ) -> TrainingProgress {
        guard let first else {
            first = (progress.epochsDone, now)
            windowStart = now
            return progress
        }
        windowExamples += examples
        let elapsed = now - windowStart
        if elapsed >= Self.window || rate == nil && elapsed > 0 {
            let recent = Double(windowExamples) / elapsed
            rate = rate.map { 0.7 * $0 + 0.3 * recent } ?? recent
            windowStart = now
            windowExamples = 0
        }

        var progress = progress
        progress.examplesPerSecond = rate
        let done = progress.epochsDone - first.epochs
        if done > 0, now > first.time {
            let left = Double(progress.epochs) - progress.epochsDone
            progress.remaining = max(0, left * (now - first.time) / done)
        }
        return progress
    }
}
