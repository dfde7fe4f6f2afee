import Foundation

/// Makes archives with the programs of the system and, where those refuse to be hostile, Python.
enum ArchiveFiles {
    struct Failure: Error {}

    /// Runs a program and waits for its success.
    static func run(_ program: String, _ arguments: [String], in folder: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
    }

    /// Packs everything in a folder of the temporary one; the archive's ending says how.
    static func pack(_ source: String, of folder: TemporaryFolder, as name: String) throws {
        let archive = "\(folder.path)/\(name)"
        let path = "\(folder.path)/\(source)"
        if name.hasSuffix(".zip") {
            try run(
                "python3",
                ["-c", "import shutil, sys; shutil.make_archive(*sys.argv[1:])"]
                    + [String(archive.dropLast(4)), "zip", path],
                in: folder.path
            )
        } else {
            let option =
                name.hasSuffix("xz") ? "-J" : name.hasSuffix("gz") ? "-z" : "--format=ustar"
            try run("tar", [option, "-cf", archive, "-C", path, "."], in: folder.path)
        }
    }

    /// Writes a tar archive with Python's `tarfile`, of what a script adds to `t`.
    static func tar(_ script: String, in folder: TemporaryFolder, as name: String) throws {
        let start = """
            import io, sys, tarfile
            t = tarfile.open(sys.argv[1], 'w')
            def add(name, content=b'', **fields):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                for field, value in fields.items(): setattr(member, field, value)
                t.addfile(member, io.BytesIO(content))
            """
        try run(
            "python3",
            ["-c", "\(start)\n\(script)\nt.close()", "\(folder.path)/\(name)"],
            in: folder.path
        )
    }
}
