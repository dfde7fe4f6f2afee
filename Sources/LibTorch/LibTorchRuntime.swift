internal import CLibTorch
import Foundation

/// The loaded library and what it found on this machine.
public enum LibTorchRuntime {
    /// The version that the package was compiled against.
    public static var compiledVersion: String { String(cString: clt_compiled_version()) }
    /// The version that is loaded.
    public static var loadedVersion: String { String(cString: clt_loaded_version()) }
    /// The file that the loaded library comes from.
    public static var libraryPath: String { String(cString: clt_library_path()) }
    /// The vector instructions that libtorch chose on this CPU, for example "AVX512".
    public static var cpuCapability: String { String(cString: clt_cpu_capability()) }
    /// Whether the library was built with CUDA at all.
    public static var hasCUDABuild: Bool { clt_has_cuda_build() }
    /// The number of CUDA devices that can be used.
    public static var cudaDeviceCount: Int { Int(clt_cuda_device_count()) }

    /// The number of threads that one operation uses.
    public static var threadCount: Int { Int(clt_thread_count()) }

    /// Sets the number of threads that one operation uses; results may differ in the last bit
    /// between numbers of threads.
    public static func setThreadCount(_ count: Int) throws {
        try check(clt_set_thread_count(Int32(clamping: count)))
    }

    /// Makes the process keep the memory that tensors free for the next ones, instead of giving it
    /// back to the system and asking for it again in every step; call it once, at the start.
    ///
    /// It is for programs that do little else than train: the memory of the largest step stays
    /// reserved. Without effect where glibc's allocator is not used or is tuned by its environment
    /// variables (`MALLOC_…_`, `GLIBC_TUNABLES`).
    public static func keepFreedMemory() {
        clt_keep_freed_memory()
    }

    /// The SHA-1 of some bytes, as `sha1sum` prints it; against accidents, not against forgery.
    public static func sha1(_ data: Data) throws -> String {
        var digits = [CChar](repeating: 0, count: 41)
        try data.withUnsafeBytes { bytes in
            try check(clt_sha1(bytes.baseAddress, Int64(bytes.count), &digits))
        }
        return String(
            decoding: digits.prefix(40).map { UInt8(truncatingIfNeeded: $0) },
            as: UTF8.self
        )
    }
}
