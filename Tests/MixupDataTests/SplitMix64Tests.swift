import MixupData
import Testing

@Suite("SplitMix64")
struct SplitMix64Tests {
    @Test("The sequence is the one that its authors' reference code gives for seed 1234567")
    func reference() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ]
        )
    }

    @Test("A permutation holds every number once", arguments: [0, 1, 2, 3, 100])
    func permutation(_ count: Int) {
        var generator = SplitMix64(seed: 1)
        #expect(generator.permutation(of: count).sorted() == Array(0..<count))
    }

    @Test("All six orders of three numbers are equally likely")
    func uniform() {
        var generator = SplitMix64(seed: 2)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[generator.permutation(of: 3), default: 0] += 1 }
        #expect(counts.count == 6)
        // Chi-squared with 5 degrees of freedom: above 20.5 once in a thousand seeds.
        let distance = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
        #expect(distance < 20.5)
    }
}
