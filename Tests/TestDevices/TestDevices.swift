import ImitatedCUDA
import LibTorch

/// The CUDA devices of tests: real ones where there are some, and an imitation in the memory of the CPU
/// where libtorch is a CPU build.
public enum TestDevices {
    /// Whether tests can use `cuda:0` and `cuda:1`.
    public static var areUsable: Bool { imitated_cuda_is_there() || Device.whyNoCUDA == nil }

    /// What to say of tests that are skipped.
    public static var reason: String { "no CUDA device: \(Device.whyNoCUDA ?? "")" }

    /// Whether their work can be recorded.
    public static var canRecord: Bool {
        areUsable && use { Recording.isPossible(on: .cuda(0)) }
    }

    /// What to say of tests of recordings that are skipped.
    public static var reasonAgainstRecording: String {
        areUsable ? "this libtorch records no work of CUDA devices" : reason
    }

    /// Runs `body` where the devices are visible; elsewhere, imitated ones are not.
    public static func use<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = imitated_cuda_show(true)
        defer { _ = imitated_cuda_show(before) }
        return try body()
    }

    /// The number of bytes that were pinned so far; `nil` on real devices, which do not count them.
    public static var pinnedByteCount: Int? {
        imitated_cuda_is_there() ? imitated_cuda_pinned_bytes() : nil
    }

    /// How often this thread repeated recordings so far; `nil` on real devices, which do not count it.
    public static var repeatedRecordingCount: Int? {
        imitated_cuda_is_there() ? imitated_cuda_repeated_recordings() : nil
    }
}
