import Testing

@testable import MixupData

@Suite("Libraries of the system")
struct DataLibraryTests {
    @Test(
        "The message names file, library and package, in one line",
        arguments: DataLibrary.allCases
    )
    func message(_ library: DataLibrary) {
        let message = "\(DataError.missingLibrary(library, neededFor: "a/b"))"
        #expect(message.hasPrefix("a/b: \(library.format) files need \(library.rawValue),"))
        #expect(message.contains(library.debianPackage))
        #expect(!message.contains("\n"))
    }

    @Test(
        "What needs a library is refused without it, and only then",
        arguments: DataLibrary.allCases
    )
    func requirement(_ library: DataLibrary) {
        var refusal: DataError?
        do throws(DataError) { try library.require(for: "a") } catch { refusal = error }
        #expect(refusal == (library.isBuiltIn ? nil : .missingLibrary(library, neededFor: "a")))
    }

    @Test(
        "Without its library, an image is refused with what to install",
        .enabled(if: !DataLibrary.png.isBuiltIn && !DataLibrary.turbojpeg.isBuiltIn)
    )
    func images() throws {
        let folder = try TemporaryFolder()
        for (name, bytes) in [
            ("jpeg", [0xFF, 0xD8, 0xFF]), ("png", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]),
        ] as [(String, [UInt8])] {
            let path = try folder.write(bytes, to: name)
            #expect(
                throws: DataError.missingLibrary(
                    name == "png" ? .png : .turbojpeg,
                    neededFor: path
                )
            ) { try ImageFile(path: path) }
        }
    }

    @Test(
        "Without matio, SVHN is refused with what to install",
        .enabled(if: !DataLibrary.matio.isBuiltIn)
    )
    func svhn() throws {
        #expect(throws: DataError.missingLibrary(.matio, neededFor: "svhn")) {
            try DataSource.load(["svhn"], dataDirectory: nil)
        }
    }
}
