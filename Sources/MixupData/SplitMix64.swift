/// A small random number generator that gives the same numbers on every machine.
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A sequence of its own for `number`, the same whenever it is asked for.
    ///
    /// The sequences of different numbers, and of the branches' branches, are independent.
    public func branch(_ number: UInt64) -> SplitMix64 {
        var branch = SplitMix64(seed: state &+ number)
        return SplitMix64(seed: branch.next())
    }

    /// The numbers `0..<count` in random order, each order equally likely.
    ///
    /// The standard library's `shuffled(using:)` does not promise the same order in every version.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, number(below: last + 1))
        }
        return order
    }

    /// A number in `0..<bound`, each equally likely; `bound` is above 0.
    mutating func number(below bound: Int) -> Int {
        let bound = UInt64(bound)
        // Bits below this would make the small numbers a little too likely; they are drawn again.
        let uneven = (0 &- bound) % bound
        while true {
            let bits = next()
            if bits >= uneven { return Int(bits % bound) }
        }
    }
}
