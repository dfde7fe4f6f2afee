import Foundation
import Testing

@testable import MixupData

@Suite("Check sums")
struct ChecksumTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "MD5 and SHA-1 of the texts in their standards, whatever the file is called",
        arguments: [
            (Checksum.md5("d41d8cd98f00b204e9800998ecf8427e"), ""),
            (.md5("900150983cd24fb0d6963f7d28e17f72"), "abc"),
            (.sha1("a9993e364706816aba3e25717850c26c9cd0d89d"), "abc"),
        ]
    )
    func standards(_ sum: Checksum, _ text: String) throws {
        for name in ["plain", "-c", "with \\ and\nbreak"] {
            let path = try folder.write(text, to: name)
            #expect(try sum.measured(path) == sum.digits)
            let file = PublishedFile(name: name, size: text.utf8.count, checksum: sum)
            #expect(try file.fault(of: path) == nil)
        }
    }

    @Test("A file of another size or content is told from the publisher's")
    func faults() throws {
        let sum = Checksum.md5("900150983cd24fb0d6963f7d28e17f72")
        let path = try folder.write("abd", to: "file")
        let size = PublishedFile(name: "file", size: 4, checksum: sum)
        #expect(try size.fault(of: path) == "it has 3 bytes, the publisher's has 4")
        let content = PublishedFile(name: "file", size: 3, checksum: sum)
        let fault = try #require(try content.fault(of: path))
        #expect(fault.contains("its MD5 is 4911e516e5aa21d327512e0c8b197616"))
        #expect(fault.contains(sum.digits))
    }

    @Test("A folder, a missing file and a missing program are refused")
    func refused() throws {
        let sum = Checksum.md5("900150983cd24fb0d6963f7d28e17f72")
        for path in [folder.path, "\(folder.path)/none"] {
            #expect(throws: DataError.self) { _ = try sum.measured(path) }
        }
        let path = try folder.write("abc", to: "file")
        #expect {
            _ = try sum.measured(path, environment: ["PATH": folder.path])
        } throws: {
            "\($0)".contains("md5sum is needed") && "\($0)".contains("coreutils")
        }
    }
}
