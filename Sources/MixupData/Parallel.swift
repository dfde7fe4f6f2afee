import Foundation
import Synchronization

/// Work on many items in several threads, with the outcome of a single thread.
enum Parallel {
    /// Calls `body` once for each of `0..<count`, in any order; it must write to the item's own
    /// place only.
    ///
    /// Each thread takes neighbouring items one after the other. After an error the items behind it
    /// are given up, and of several errors that of the smallest item is thrown.
    static func forEach(_ count: Int, _ body: (Int) throws -> Void) throws {
        let chunkCount = min(count, 8 * ProcessInfo.processInfo.activeProcessorCount)
        let failure = Mutex<Failure?>(nil)
        withoutActuallyEscaping(body) { body in
            // What the compiler cannot see is what the caller promises.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: chunkCount) { chunk in
                for index in count * chunk / chunkCount..<count * (chunk + 1) / chunkCount {
                    if failure.withLock({ $0.map { $0.chunk < chunk } ?? false }) { return }
                    do {
                        try body(index)
                    } catch {
                        failure.withLock { known in
                            if known.map({ chunk < $0.chunk }) ?? true {
                                known = Failure(chunk: chunk, error: error)
                            }
                        }
                        return
                    }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }

    private struct Failure {
        let chunk: Int
        let error: any Error
    }
}
