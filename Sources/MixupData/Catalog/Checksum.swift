import Foundation

/// A check sum that the publisher of a file, or everybody who uses it, states.
enum Checksum: Equatable, Sendable {
    /// 32 hexadecimal digits.
    case md5(String)
    /// 40 hexadecimal digits.
    case sha1(String)

    /// What it is called.
    var kind: String {
        switch self {
        case .md5: "MD5"
        case .sha1: "SHA-1"
        }
    }

    /// The digits.
    var digits: String {
        switch self {
        case .md5(let digits), .sha1(let digits): digits
        }
    }

    /// The same kind of check sum, of a file here, by the system's `md5sum` or `sha1sum`.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)``.
    func measured(
        _ path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String {
        let name =
            switch self {
            case .md5: "md5sum"
            case .sha1: "sha1sum"
            }
        guard FileBytes.kind(of: path) == .typeRegular,
            let file = FileHandle(forReadingAtPath: path)
        else {
            throw DataError.unreadableFile(
                path: path,
                reason: "it is no file that can be opened; check its permissions"
            )
        }
        defer { try? file.close() }
        let program = SystemProgram(name, package: "coreutils", environment: environment)
        let outcome = try program.run([], input: file, path: path)
        let sum = outcome.output.prefix { $0 != " " }
        guard outcome.isSuccess, sum.count == digits.count, sum.allSatisfy(\.isHexDigit) else {
            throw DataError.unreadableFile(
                path: path,
                reason: "\(name) cannot read it (\(outcome.complaint))"
            )
        }
        return sum.lowercased()
    }
}
