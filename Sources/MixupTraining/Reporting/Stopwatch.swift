/// Measures wall-clock time in laps.
struct Stopwatch {
    private var start = ContinuousClock.now

    /// The seconds since the last call, or since the stopwatch was made.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { start = now }
        return (now - start) / .seconds(1)
    }
}
