internal import CLibTorch

/// Work of a CUDA device that is recorded once and then repeated at the cost of starting it once: a CUDA
/// graph.
///
/// A recording is of operations and of places in memory, not of numbers. Whatever changes between its
/// repetitions is written to the tensors that it read; what it made is overwritten each time.
public final class Recording {
    private let handle: clt_recording

    /// Whether work of a device can be recorded: on CUDA, by a program that was built with CUDA's
    /// headers.
    public static func isPossible(on device: Device) -> Bool { clt_can_record(device.code) }

    /// Records what `body` asks of a device, which is not done yet.
    ///
    /// - Parameters:
    ///   - device: the device of all operands.
    ///   - body: it must neither wait for the device nor read or write the CPU's memory, and what it
    ///     does for the first time, libraries prepare: it should have been run before.
    /// - Throws: what `body` throws, and `TorchError` for a device that cannot record, or work that
    ///   cannot be recorded.
    public init(on device: Device, _ body: () throws -> Void) throws {
        var handle = clt_recording(impl: nil)
        try check(clt_recording_begin(device.code, &handle))
        self.handle = handle
        try body()
        try check(clt_recording_end(handle))
    }

    deinit {
        clt_recording_free(handle)
    }

    /// Does the work on the numbers that are in the recorded places now.
    public func `repeat`() throws {
        try withExtendedLifetime(self) {
            try check(clt_recording_repeat(handle))
        }
    }
}
