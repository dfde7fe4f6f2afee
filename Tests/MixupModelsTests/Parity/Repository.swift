import Foundation
import TestPython

/// Where this checkout keeps what the tests read.
enum Repository {
    /// Runs that PyTorch made, see `scripts/parity/README.md`.
    static let fixtures = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }
    .appendingPathComponent("Fixtures/parity")
}

/// Calls `body` with a new folder, and removes it afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("manifold-mixup-parity-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The peer.
enum PyTorch {
    static let isAvailable = Python.has("torch", "safetensors", "numpy")
    static let skipMessage = Python.skipMessage("torch, safetensors and numpy")
}
