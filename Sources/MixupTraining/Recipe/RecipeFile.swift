import Foundation
import Glibc

/// Reads the text of a recipe file, and nothing that could not be one.
enum RecipeFile {
    /// No recipe comes near this; a wrong path may lead to a file of gigabytes.
    static let largestSize = 1 << 20

    /// The file's text.
    ///
    /// Throws ``RecipeError`` with the path and the reason.
    static func read(_ path: String) throws(RecipeError) -> String {
        // Without O_NONBLOCK a named pipe would wait for a writer for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw RecipeError(
                source: path,
                problem: "cannot open the recipe: \(systemReason(errno)); check the path"
            )
        }
        defer { close(file) }

        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw RecipeError(source: path, problem: "is not a file; give the path of a YAML file")
        }
        let tooLarge = RecipeError(
            source: path,
            problem: "is larger than \(largestSize) bytes, so it is no recipe; check the path"
        )
        guard status.st_size <= largestSize else { throw tooLarge }

        var bytes = [UInt8](repeating: 0, count: largestSize + 1)
        var count = 0
        while count < bytes.count {
            let received = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if received < 0 && errno == EINTR { continue }
            guard received >= 0 else {
                throw RecipeError(
                    source: path,
                    problem: "cannot read the recipe: \(systemReason(errno))"
                )
            }
            if received == 0 { break }
            count += received
        }
        guard count <= largestSize else { throw tooLarge }
        guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw RecipeError(source: path, problem: "is not UTF-8 text; save the recipe as UTF-8")
        }
        return text
    }
}

/// The system's own words for an error number.
func systemReason(_ code: Int32) -> String {
    String(cString: strerror(code))
}
