import Foundation

/// Where this checkout keeps what the tests read.
enum Repository {
    private static let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }

    /// Runs that PyTorch made, see `scripts/parity/README.md`.
    static let fixtures = root.appendingPathComponent("Tests/Fixtures/parity")
    /// The scripts that make them.
    static let scripts = root.appendingPathComponent("scripts/parity")
}

/// Calls `body` with a new folder, and removes it afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("manifold-mixup-parity-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
