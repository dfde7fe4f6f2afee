import LibTorch
import Testing

/// The message of the error that `body` throws; all but a `TorchError` of one line is an issue.
func refusal<Result>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Result
) -> String {
    do {
        _ = try body()
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
    } catch let error as TorchError {
        let isOneLine = !error.message.isEmpty && !error.message.contains(where: \.isNewline)
        #expect(isOneLine, "\(error.message)", sourceLocation: sourceLocation)
        return error.message
    } catch {
        Issue.record("not a TorchError: \(error)", sourceLocation: sourceLocation)
    }
    return ""
}

/// The largest |a − b|; infinite when the lengths differ or something is not a number.
func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}

/// The mean and the variance (divided by the count) of some numbers.
func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, squares / Double(values.count))
}

extension Tensor {
    /// The elements as doubles, whatever their type.
    var doubles: [Double] {
        get throws { try to(.float64).scalars() }
    }

    /// The elements' bytes.
    var bytes: [UInt8] {
        get throws {
            var result = [UInt8](repeating: 0, count: try elementCount * dtype.byteCount)
            try result.withUnsafeMutableBytes { try copyBytes(to: $0) }
            return result
        }
    }
}

/// A module that holds nothing but parameters: "p0", "p1", …
final class Parameters: Module {
    let tensors: [Tensor]

    init(_ tensors: [Tensor]) {
        self.tensors = tensors
    }

    /// Parameters in float64, each a vector.
    init(_ values: [[Double]]) throws {
        tensors = try values.map { try Tensor($0).requiringGradient() }
    }

    var ownTensors: [NamedTensor] {
        tensors.enumerated().map { NamedTensor("p\($0)", $1) }
    }
}

/// Numbers that are the same in every run (a linear congruential generator; Knuth's constants).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        // The upper half of each state is the random one.
        (advance() >> 32) << 32 | advance() >> 32
    }

    private mutating func advance() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}
