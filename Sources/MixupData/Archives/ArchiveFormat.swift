import Foundation

/// The kinds of archive that are unpacked, told by their first bytes.
enum ArchiveFormat: Equatable {
    /// A tar archive, packed by a program or not at all.
    case tar(packer: Packer?)
    /// A zip archive.
    case zip

    /// A program that packs a tar archive as a whole.
    struct Packer: Equatable {
        let program: String
        let package: String
        /// The option of `tar` that calls it.
        let option: String
        /// The bytes that its files start with.
        let mark: [UInt8]
    }

    private static let packers = [
        Packer(program: "gzip", package: "gzip", option: "-z", mark: [0x1F, 0x8B]),
        Packer(
            program: "xz",
            package: "xz-utils",
            option: "-J",
            mark: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        ),
        Packer(program: "bzip2", package: "bzip2", option: "-j", mark: Array("BZh".utf8)),
    ]

    /// The format of the archive that is open, or nil where it is none.
    init?(of file: FileHandle) throws {
        try file.seek(toOffset: 0)
        let start = [UInt8](try file.read(upToCount: 512) ?? Data())
        try file.seek(toOffset: 0)
        if let packer = Self.packers.first(where: { start.starts(with: $0.mark) }) {
            self = .tar(packer: packer)
        } else if start.starts(with: Array("PK\u{3}\u{4}".utf8)) {
            self = .zip
        } else if start.dropFirst(257).starts(with: Array("ustar".utf8)) {
            self = .tar(packer: nil)
        } else {
            return nil
        }
    }

    /// The programs that unpacking needs, the one to run first.
    func programs(environment: [String: String]) -> [SystemProgram] {
        // Whoever sets these means their own archives, and messages are read here.
        var environment = environment
        for name in ["TAR_OPTIONS", "UNZIP", "UNZIPOPT"] { environment[name] = nil }
        environment["LC_ALL"] = "C.UTF-8"
        switch self {
        case .zip:
            return [SystemProgram("unzip", environment: environment)]
        case .tar(let packer):
            let helper = packer.map {
                SystemProgram($0.program, package: $0.package, environment: environment)
            }
            return [SystemProgram("tar", environment: environment)] + [helper].compactMap { $0 }
        }
    }

    /// What the program is given, to unpack into the folder in which it runs.
    ///
    /// The names go to standard output. An empty password keeps `unzip` from asking for one.
    func arguments(path: String) -> [String] {
        switch self {
        case .tar(let packer):
            [packer?.option].compactMap { $0 }
                + ["-x", "-v", "--no-same-owner", "--no-same-permissions", "-f", "-"]
        case .zip:
            ["-o", "-P", "", URL(fileURLWithPath: path).path]
        }
    }
}
