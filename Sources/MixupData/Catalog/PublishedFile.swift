import Foundation

/// A file as its publisher offers it.
struct PublishedFile: Equatable, Sendable {
    /// Its name.
    let name: String
    /// Its size in bytes.
    let size: Int
    /// Its check sum.
    let checksum: Checksum

    /// What is wrong with a copy of the file; nothing where it is the publisher's, bit for bit.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` where it cannot be read.
    func fault(of path: String) throws -> String? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        if let found = attributes?[.size] as? Int, found != size {
            return "it has \(found) bytes, the publisher's has \(size)"
        }
        let sum = try checksum.measured(path)
        guard sum != checksum.digits else { return nil }
        return "its \(checksum.kind) is \(sum), the publisher's is \(checksum.digits)"
    }
}
