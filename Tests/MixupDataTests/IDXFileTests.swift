import MixupData
import Testing

@Suite("IDX files")
struct IDXFileTests {
    private func read(_ bytes: [UInt8], rank: Int) throws -> IDXFile {
        try IDXFile(bytes: bytes, path: "some/file", rank: rank)
    }

    private func expectRefusal(_ bytes: [UInt8], rank: Int, _ reason: String) {
        #expect {
            try read(bytes, rank: rank)
        } throws: { error in
            "\(error)".hasPrefix("some/file: ") && "\(error)".contains(reason)
        }
    }

    @Test("Dimensions are big-endian, and the elements follow")
    func dimensions() throws {
        let elements = (0..<600).map { UInt8(truncatingIfNeeded: $0) }
        let file = try read(idx([300, 2, 1], elements), rank: 3)
        #expect(file.dimensions == [300, 2, 1])
        #expect(file.elements == elements)
    }

    @Test("Every file that is cut short is refused, wherever it is cut")
    func truncated() throws {
        let whole = idx([2, 2, 3], [UInt8](repeating: 7, count: 12))
        _ = try read(whole, rank: 3)
        for size in 0..<whole.count {
            #expect(throws: DataError.self) { try read(Array(whole.prefix(size)), rank: 3) }
        }
    }

    @Test("A truncated file is refused with its name and the number of missing bytes")
    func missingBytes() {
        expectRefusal(idx([2, 2, 3], [1, 2, 3, 4, 5]), rank: 3, "7 of 12 bytes are missing")
        expectRefusal(Array(idx([2, 2, 3], []).dropLast(5)), rank: 3, "ends inside its header")
    }

    @Test("Bytes after the last element are refused")
    func trailing() {
        expectRefusal(idx([2], [0, 1, 0]), rank: 1, "1 bytes follow after the last element")
    }

    @Test("A file that starts otherwise is no IDX file")
    func magic() {
        expectRefusal([], rank: 1, "not an IDX file")
        expectRefusal([0, 0, 8], rank: 1, "not an IDX file")
        expectRefusal([0, 1, 8, 1, 0, 0, 0, 1, 0], rank: 1, "not an IDX file")
        expectRefusal(Array("<html><body>".utf8), rank: 1, "not an IDX file")
    }

    @Test(
        "Element types other than unsigned bytes are refused by number",
        arguments: [9, 11, 13, 0]
    )
    func elementType(_ type: UInt8) {
        expectRefusal([0, 0, type, 1, 0, 0, 0, 1, 0], rank: 1, "the element type is \(type)")
    }

    @Test("Labels in the place of images, and images in the place of labels, are refused")
    func rank() {
        expectRefusal(idx([2], [0, 1]), rank: 3, "has 1 dimensions; 3 are expected")
        expectRefusal(idx([1, 1, 2], [0, 1]), rank: 1, "has 3 dimensions; 1 are expected")
        expectRefusal([0, 0, 8, 255], rank: 3, "has 255 dimensions")
        expectRefusal([0, 0, 8, 0], rank: 1, "has 0 dimensions")
    }

    @Test("A file without examples, and one with images of no size, is refused as empty")
    func empty() {
        expectRefusal(idx([0], []), rank: 1, "empty")
        expectRefusal(idx([0, 28, 28], []), rank: 3, "empty")
        expectRefusal(idx([3, 28, 0], []), rank: 3, "empty")
    }

    @Test(
        "Dimensions that nobody can hold are refused without being allocated",
        arguments: [
            [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [0xFFFF_FFFF, 0xFFFF_FFFF, 1],
            [0xFFFF_FFFF, 2, 1], [0x8000_0000, 0x8000_0000, 2],
        ]
    )
    func hostile(_ dimensions: [Int]) {
        expectRefusal(idx(dimensions, [0]), rank: 3, "are not possible")
    }

    @Test("A large announced size that the file does not have is refused without being allocated")
    func announced() {
        expectRefusal(
            idx([0xFFFF_FFFF], [0]),
            rank: 1,
            "4294967294 of 4294967295 bytes are missing"
        )
    }
}
