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
    let instructions: ctk_instructions

    init?(threads: Int32 = 2, instructions: ctk_instructions = ctk_best_instructions()) {
        guard let pointer = ctk_team_new(threads, instructions) else { return nil }
        self.pointer = pointer
        self.instructions = instructions
    }

    deinit {
        ctk_team_free(pointer)
    }

    var testDescription: String { String(cString: ctk_team_instructions(pointer)) }

    /// One for each set of instructions that this CPU has, and one that emulates AMX, with three
    /// threads; and the CPU's best with a single thread.
    static var all: [Team] {
        let best = ctk_best_instructions()
        let sets = [CTK_PORTABLE, CTK_AVX2, CTK_AVX512, CTK_AVX512_BF16, CTK_AMX]
            .filter { $0.rawValue <= best.rawValue }
        return (sets + [CTK_EMULATED_AMX]).compactMap { Team(threads: 3, instructions: $0) }
            + [Team(threads: 1, instructions: best)].compactMap { $0 }
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

/// The ways in which hidden states lie in memory.
enum Layout: CaseIterable {
    case planes, splitPlanes, blocks, splitBlocks

    var isSplit: Bool { self == .splitPlanes || self == .splitBlocks }
    var isBlocked: Bool { self == .blocks || self == .splitBlocks }

    /// How far what is stored may be off, where single precision allows `tolerance`.
    func tolerance(_ tolerance: Double) -> Double { max(tolerance, isBlocked ? 4e-3 : 0) }

    /// Numbers that can be stored.
    func numbers(_ numbers: [Float]) -> [Float] {
        isBlocked ? numbers.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) } : numbers
    }
}

/// Memory whose content must not matter.
func unknown(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }

/// Planes with memory.
final class Planes {
    var planes: ctk_planes
    let size: Int
    /// The description at a fixed place, for what may also be null.
    let pointer = UnsafeMutablePointer<ctk_planes>.allocate(capacity: 1)

    init(
        _ channels: Int,
        _ height: Int = 1,
        _ width: Int = 1,
        border: Int = 0,
        batch: Int,
        isSplit: Bool = false,
        isBlocked: Bool = false
    ) {
        planes = ctk_planes_of(
            Int64(channels),
            Int64(height),
            Int64(width),
            Int64(border),
            Int64(batch),
            isSplit,
            isBlocked
        )
        size = Int(ctk_planes_size(&planes))
        planes.elements = ctk_allocate(Int64(size))
        pointer.initialize(to: planes)
    }

    deinit {
        ctk_release(planes.elements)
        pointer.deallocate()
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
            isSplit: isSplit ?? planes.is_split,
            isBlocked: planes.is_blocked
        )
    }

    /// The place of an element, or of a half of one in blocks, from the definition of the layout.
    func place(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Int {
        var column = x + Int(planes.border)
        if planes.is_split {
            let evenColumns = (width + 2 * Int(planes.border) + 1) / 2
            column = column % 2 * evenColumns + column / 2
        }
        let position = y * Int(planes.row) + column * Int(planes.pitch) + n
        guard planes.is_blocked else { return c * Int(planes.channel) + position }
        // Up to 16 channels of an even number of examples lie in blocks of 16.
        let width = channels <= 16 && batch.isMultiple(of: 2) ? 16 : 32
        return (c / 32 * Int(planes.channel) + position) * width + c % 32
    }

    /// The number at a place; bfloat16 in blocks.
    private subscript(place: Int) -> Float {
        get {
            guard planes.is_blocked else { return planes.elements[place] }
            let bits = planes.elements[place / 2].bitPattern
            return Float(
                bitPattern: place.isMultiple(of: 2) ? bits << 16 : bits & 0xFFFF_0000
            )
        }
        set {
            guard planes.is_blocked else { return planes.elements[place] = newValue }
            let (bits, half) = (planes.elements[place / 2].bitPattern, newValue.bitPattern >> 16)
            planes.elements[place / 2] = Float(
                bitPattern: place.isMultiple(of: 2)
                    ? bits & 0xFFFF_0000 | half : bits & 0xFFFF | half << 16
            )
        }
    }

    /// All elements as examples [N, C, H, W].
    var examples: [Float] {
        get { places.map { self[$0] } }
        set {
            for (place, value) in zip(places, newValue) { self[place] = value }
        }
    }

    /// Everything that is not an element of an example: borders, and what lies between channels. Of
    /// blocks, without what would be the last example of an odd batch.
    var rest: [Float] {
        let places = Set(places(batch: Int(planes.pitch)))
        return (0..<size * (planes.is_blocked ? 2 : 1)).filter { !places.contains($0) }
            .map { self[$0] }
    }

    private var places: [Int] { places(batch: batch) }

    private func places(batch: Int) -> [Int] {
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

/// A normalisation with memory of its own.
final class Normalization {
    let weight: Floats
    let bias: Floats
    let running: Floats
    let kept: Floats
    var normalization: ctk_normalization

    init(channels: Int, _ random: inout Numbers) {
        weight = Floats(random.next(channels).map { $0 + 2 })
        bias = Floats(random.next(channels))
        running = Floats([Float](repeating: 0, count: 2 * channels))
        kept = Floats([Float](repeating: 0, count: 2 * channels))
        normalization = ctk_normalization(
            weight: weight.elements,
            bias: bias.elements,
            running_mean: running.elements,
            running_variance: running.elements + channels,
            mean: kept.elements,
            inverse_deviation: kept.elements + channels,
            momentum: 1,
            epsilon: 1e-5
        )
    }
}

/// Lends numbers to kernels as examples.
func withExamples(_ numbers: [Float], _ body: (UnsafePointer<ctk_examples>) -> Void) {
    numbers.withUnsafeBufferPointer { numbers in
        var examples = ctk_examples(
            numbers: numbers.baseAddress,
            bytes: nil,
            rows: nil,
            table: nil,
            channel_size: 0
        )
        body(&examples)
    }
}

/// Lends rows of bytes to kernels as examples, with what each byte stands for in every channel.
func withExamples(
    _ bytes: [UInt8],
    rows: [Int64],
    table: [Float],
    channelSize: Int,
    _ body: (UnsafePointer<ctk_examples>) -> Void
) {
    bytes.withUnsafeBufferPointer { bytes in
        rows.withUnsafeBufferPointer { rows in
            table.withUnsafeBufferPointer { table in
                var examples = ctk_examples(
                    numbers: nil,
                    bytes: bytes.baseAddress,
                    rows: rows.baseAddress,
                    table: table.baseAddress,
                    channel_size: Int64(channelSize)
                )
                body(&examples)
            }
        }
    }
}
