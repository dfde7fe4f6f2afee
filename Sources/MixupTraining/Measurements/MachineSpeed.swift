internal import CMachineSpeed
import Foundation
import LibTorch

/// What this machine can do at best, which no program can exceed.
public struct MachineSpeed: Sendable, Codable {
    /// The threads that were busy at the same time.
    public let threads: Int
    /// The CPU, as Linux names it.
    public let cpu: String
    /// The CPU's features that matter for speed, as Linux names them.
    public let features: [String]
    /// Bytes in the largest cache, 0 if unknown.
    public let cacheBytes: Int
    /// Multiplications and additions of single precision from registers, in 10⁹ a second.
    public let float32Gigaflops: Double
    /// The same of bfloat16 with sums in single precision; `nil` where the CPU has none.
    public let bfloat16Gigaflops: Double?
    /// What is read from memory, in 10⁹ bytes a second.
    public let readGigabytes: Double
    /// What is read and written while memory is copied, in 10⁹ bytes a second.
    public let copyGigabytes: Double
    /// Nanoseconds in which a cache line gets from one thread to another and back: some tens between
    /// cores that share a cache, hundreds between others; `nil` where there is one core. A virtual
    /// machine's cores may change from one to the other.
    public let roundTripNanoseconds: Double?

    enum CodingKeys: String, CodingKey {
        case threads, cpu, features
        case cacheBytes = "cache_bytes"
        case float32Gigaflops = "float32_gflops"
        case bfloat16Gigaflops = "bfloat16_gflops"
        case readGigabytes = "read_gbytes_per_second"
        case copyGigabytes = "copy_gbytes_per_second"
        case roundTripNanoseconds = "round_trip_ns"
    }

    /// Measures for about a second; the best of several times.
    ///
    /// - Parameter threads: how many to keep busy.
    /// - Throws: `TrainingError` if they cannot be started.
    public static func measure(threads: Int = LibTorchRuntime.threadCount) throws -> MachineSpeed {
        let count = Int32(clamping: threads)
        func best(_ units: [cms_unit]) -> Double {
            units.map { cms_arithmetic($0, count) / 1e9 }.max() ?? 0
        }
        let cache = largestCache()
        // Several times what a cache holds, for all threads together.
        let bytes = max(4 * cache, 256 << 20) / threads
        let speed = MachineSpeed(
            threads: threads,
            cpu: cpuInfo("model name") ?? "unknown",
            features: cpuFeatures(),
            cacheBytes: cache,
            float32Gigaflops: best([CMS_PORTABLE_FLOAT32, CMS_AVX2_FLOAT32, CMS_AVX512_FLOAT32]),
            bfloat16Gigaflops: [best([CMS_AVX512_BFLOAT16, CMS_AMX_BFLOAT16])].first { $0 > 0 },
            readGigabytes: cms_read_bandwidth(count, Int64(bytes)) / 1e9,
            copyGigabytes: cms_copy_bandwidth(count, Int64(bytes)) / 1e9,
            roundTripNanoseconds: [cms_round_trip() * 1e9].first { $0 > 0 }
        )
        guard speed.float32Gigaflops > 0, speed.readGigabytes > 0, speed.copyGigabytes > 0 else {
            throw TrainingError.impossible(
                "the system does not give \(threads) threads and \(bytes * threads) bytes of memory; "
                    + "choose fewer threads (--threads)"
            )
        }
        return speed
    }

    private static func largestCache() -> Int {
        (0..<8).compactMap { index in
            let file = "/sys/devices/system/cpu/cpu0/cache/index\(index)/size"
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
            return Int(text.prefix(while: \.isNumber)).map { $0 << 10 }
        }
        .max() ?? 0
    }

    /// The first line of a name in what Linux tells about the CPU.
    private static func cpuInfo(_ name: String) -> String? {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return nil }
        return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Those of the CPU's features that matter for speed, as Linux names them.
    static func cpuFeatures() -> [String] {
        let wanted = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"]
        let flags = Set(cpuInfo("flags")?.split(separator: " ").map(String.init) ?? [])
        return wanted.filter(flags.contains)
    }
}
