import Foundation
import MixupTraining

/// Standard output for what may be much: whoever reads may stop reading at any time.
final class StandardOutput {
    /// Whether nothing was written yet.
    private(set) var isNew = true

    /// From now on a reader that is gone is an outcome instead of the end of this process.
    init() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Hands text to whoever reads.
    ///
    /// - Returns: whether there is still somebody.
    /// - Throws: `FileError`, as where the disk is full.
    func write(_ text: String) throws -> Bool {
        isNew = false
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EPIPE { return false }
            guard count > 0 else { throw FileError("write", "standard output") }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
