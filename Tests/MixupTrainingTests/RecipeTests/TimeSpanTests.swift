import Testing

@testable import MixupTraining

@Suite("Lengths of time")
struct TimeSpanTests {
    @Test(
        "Numbers with units are read, and written in the fewest units",
        arguments: [
            ("30s", 30, "30s"), ("90s", 90, "1m30s"), ("90m", 5400, "1h30m"), ("2h", 7200, "2h"),
            ("1h30m", 5400, "1h30m"), ("1d", 86_400, "1d"), ("1d1s", 86_401, "1d1s"),
            ("0h5m", 300, "5m"), ("1000000000s", 1_000_000_000, "11574d1h46m40s"),
        ]
    )
    func reading(text: String, seconds: Int, written: String) throws {
        let time = try #require(TimeSpan(text))
        #expect(time.seconds == seconds)
        #expect(time.description == written)
        #expect(TimeSpan(written) == time)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "5", "m", "5x", "1.5h", "-5m", "5 m", "30m1h", "1h1h", "0s", "0h0m", "1000000001s",
            "99999999999999999999s", "9223372036854775807d", "1000000000d", "٣m", "5m ",
        ]
    )
    func refused(text: String) {
        #expect(TimeSpan(text) == nil)
    }
}
