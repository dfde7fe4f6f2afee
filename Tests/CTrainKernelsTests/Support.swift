import CTrainKernels
import Testing

/// A reproducible sequence of numbers in −1 ... 1, by SplitMix64.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return Float(Double(bits >> 11) / Double(1 << 52) - 1)
    }

    mutating func next(_ count: Int) -> [Float] { (0..<count).map { _ in next() } }
}

/// A team of threads that is freed with its last reference.
final class Team: CustomTestStringConvertible {
    let pointer: OpaquePointer

    init?(threads: Int32 = 2, instructions: ctk_instructions = ctk_best_instructions()) {
        guard let pointer = ctk_team_new(threads, instructions) else { return nil }
        self.pointer = pointer
    }

    deinit {
        ctk_team_free(pointer)
    }

    var testDescription: String { String(cString: ctk_team_instructions(pointer)) }

    /// One for each set of instructions that this CPU has, and one that emulates AMX, with one thread
    /// and with three.
    static var all: [Team] {
        ([CTK_PORTABLE, CTK_AVX2, CTK_AVX512, CTK_AVX512_BF16, CTK_AMX].filter {
            $0.rawValue <= ctk_best_instructions().rawValue
        } + [CTK_EMULATED_AMX])
        .flatMap { instructions in
            [1, 3].compactMap { Team(threads: $0, instructions: instructions) }
        }
    }
}

/// Numbers that stay at one place in memory.
final class Floats {
    let elements: UnsafeMutablePointer<Float>
    private let count: Int

    init(_ values: [Float]) {
        count = values.count
        elements = .allocate(capacity: max(count, 1))
        elements.initialize(from: values, count: count)
    }

    deinit {
        elements.deallocate()
    }

    var values: [Float] { Array(UnsafeBufferPointer(start: elements, count: count)) }
}

/// Memory whose content must not matter.
func unknown(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }

/// Planes with memory.
final class Planes {
    var planes: ctk_planes
    let size: Int

    init(
        _ channels: Int,
        _ height: Int = 1,
        _ width: Int = 1,
        border: Int = 0,
        batch: Int,
        isSplit: Bool = false
    ) {
        planes = ctk_planes_of(
            Int64(channels),
            Int64(height),
            Int64(width),
            Int64(border),
            Int64(batch),
            isSplit
        )
        size = Int(ctk_planes_size(&planes))
        planes.elements = ctk_allocate(Int64(size))
    }

    deinit {
        ctk_release(planes.elements)
    }

    var channels: Int { Int(planes.channels) }
    var height: Int { Int(planes.height) }
    var width: Int { Int(planes.width) }
    var batch: Int { Int(planes.batch) }
    var exampleSize: Int { channels * height * width }

    /// Planes of the same form, without values.
    func like(channels: Int? = nil, batch: Int? = nil, isSplit: Bool? = nil) -> Planes {
        Planes(
            channels ?? self.channels,
            height,
            width,
            border: Int(planes.border),
            batch: batch ?? self.batch,
            isSplit: isSplit ?? planes.is_split
        )
    }

    /// The place of an element, from the definition of the layout.
    func place(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
        var column = x + Int(planes.border)
        if planes.is_split {
            let evenColumns = (width + 2 * Int(planes.border) + 1) / 2
            column = column % 2 * evenColumns + column / 2
        }
        return c * Int(planes.channel) + y * Int(planes.row) + column * batch + n
    }

    /// All elements as examples [N, C, H, W].
    var examples: [Float] {
        get { places.map { planes.elements[$0] } }
        set {
            for (place, value) in zip(places, newValue) { planes.elements[place] = value }
        }
    }

    /// Everything that is not an element of an example: borders, and what lies between channels.
    var rest: [Float] {
        let places = Set(places)
        return (0..<size).filter { !places.contains($0) }.map { planes.elements[$0] }
    }

    private var places: [Int] {
        (0..<batch).flatMap { n in
            (0..<channels).flatMap { c in
                (0..<height).flatMap { y in (0..<width).map { x in place(n, c, y, x) } }
            }
        }
    }
}

/// The largest distance of two arrays, over the largest number of the expected one.
func distance(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let largest = expected.map(abs).max() ?? 0
    let distances = zip(found, expected).map { abs(Double($0) - $1) }
    guard distances.allSatisfy(\.isFinite) else { return .infinity }
    return (distances.max() ?? 0) / max(largest, 1e-30)
}
