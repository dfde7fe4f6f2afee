import Foundation
import ManifoldMixup

/// How the memory of the process changes over many steps.
public struct MemoryGrowth: Sendable, Codable {
    /// The number of steps between the first and the last reading.
    public let steps: Int
    /// The resident memory after a warm-up, and then after each tenth of the steps, in KiB.
    public let residentKiB: [Int]

    /// The last reading less the first, in KiB.
    public var growthKiB: Int { (residentKiB.last ?? 0) - (residentKiB.first ?? 0) }

    enum CodingKeys: String, CodingKey {
        case steps
        case residentKiB = "resident_kib"
    }

    /// Trains with Manifold Mixup on random images and reads the resident memory.
    public static func measure(widths: [Int], batchSize: Int, steps: Int) throws -> MemoryGrowth {
        let trainer = try syntheticTrainer(
            widths: widths,
            batchSize: batchSize,
            mixup: .manifoldMixup()
        )
        func train(_ steps: Int) throws {
            for _ in 0..<steps { try trainer.stepForever() }
        }
        try train(max(steps / 10, 1))
        var readings = [try ResidentMemory.nowKiB()]
        for _ in 0..<10 {
            try train(steps / 10)
            readings.append(try ResidentMemory.nowKiB())
        }
        return MemoryGrowth(steps: steps / 10 * 10, residentKiB: readings)
    }
}
