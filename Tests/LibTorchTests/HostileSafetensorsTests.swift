import Foundation
import LibTorch
import Testing

@Suite("Hostile safetensors files")
struct HostileSafetensorsTests {
    private static let path = "hostile.safetensors"

    /// A file with any header, well formed or not.
    private func file(_ header: String, bodyCount: Int = 0, length: UInt64? = nil) -> Data {
        let count = length ?? UInt64(header.utf8.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        return Data(prefix) + Data(header.utf8) + Data(count: bodyCount)
    }

    /// A header with one entry.
    private func entry(
        dtype: String = "\"F32\"",
        shape: String = "[1]",
        offsets: String = "[0,4]"
    ) -> String {
        "{\"a\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
    }

    private func message(_ data: Data) -> String {
        let message = refusal { try Safetensors(decoding: data, path: Self.path) }
        #expect(message.hasPrefix("\(Self.path) is damaged or not a safetensors file: "))
        return message
    }

    /// A small file with several types, a tensor without elements, and metadata.
    private func sample() throws -> Data {
        let tensors: [(String, Tensor)] = [
            ("fc1.weight", try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3])),
            ("labels", try Tensor([Int64(7), 8])), ("none", try .zeros([0, 3])),
            ("one", try Tensor([UInt8(1)], shape: [])),
        ]
        return try Safetensors(tensors: tensors, metadata: ["epoch": "12"]).encoded()
    }

    /// Reads what may be damaged: only a `TorchError` may be thrown, and what is read is whole.
    private func survives(_ data: Data) throws {
        do {
            let file = try Safetensors(decoding: data, path: Self.path)
            let headerLength = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let byteCount = try file.tensors.reduce(0) { try $0 + $1.tensor.bytes.count }
            #expect(8 + headerLength + byteCount == data.count)
        } catch let error as TorchError {
            let isOneLine = !error.message.contains(where: \.isNewline)
            #expect(isOneLine)
        }
    }

    @Test("A file cut off anywhere is refused")
    func truncated() throws {
        let data = try sample()
        _ = try Safetensors(decoding: data, path: Self.path)
        for length in 0..<data.count {
            #expect(!message(data.prefix(length)).isEmpty)
        }
    }

    @Test("Bytes behind the last tensor are refused")
    func longer() throws {
        #expect(try message(sample() + Data([0])).contains("1 bytes at its end"))
    }

    @Test(
        "A header longer than the file is refused",
        arguments: [1, 1 << 31, 1 << 32, 1 << 62, UInt64(Int.max), 1 << 63, .max]
    )
    func headerLength(_ length: UInt64) {
        #expect(message(file("", length: length)).contains("behind the end"))
    }

    @Test(
        "A header that is no JSON object is refused",
        arguments: [
            "", " ", "{", "[]", "[1,2]", "1", "null", "\"a\"", "{\"a\":}", "\u{0}\u{1}", "{}}",
        ]
    )
    func noObject(_ header: String) {
        #expect(message(file(header)).contains("not a JSON object"))
    }

    @Test("A header that is not UTF-8 is refused or empty")
    func notText() throws {
        try survives(Data([4, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0xff, 0x7b]))
        try survives(Data([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0, 0x7d, 0]))
    }

    @Test(
        "Lists and objects nested without end are refused",
        arguments: ["[", "{\"a\":", "[{\"a\":"]
    )
    func nesting(_ opening: String) {
        let header = String(repeating: opening, count: 100_000)
        #expect(message(file(header)).contains("not a JSON object"))
        let inside = "{\"a\":{\"shape\":\(header)}}"
        #expect(message(file(inside)).contains("not a JSON object"))
    }

    @Test("Deep nesting that is closed again is refused too")
    func closedNesting() {
        let list = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        #expect(!message(file(entry(shape: list), bodyCount: 4)).isEmpty)
    }

    @Test(
        "An entry with a missing field, or with one of another kind, is named",
        arguments: [
            "{\"a\":{}}", "{\"a\":1}", "{\"a\":[]}", "{\"a\":null}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}",
            "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
            "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}",
        ]
    )
    func incompleteEntry(_ header: String) {
        #expect(message(file(header, bodyCount: 4)).contains("the entry 'a' is incomplete"))
    }

    @Test(
        "An entry without a proper type is refused",
        arguments: ["1", "null", "[\"F32\"]", "{}", "\"\"", "\"f32\"", "\"F8_E5M2\"", "\"C64\""]
    )
    func unknownType(_ dtype: String) {
        let message = message(file(entry(dtype: dtype), bodyCount: 4))
        #expect(message.contains(dtype.hasPrefix("\"") ? "is not supported" : "is incomplete"))
    }

    @Test(
        "A shape that is no list of whole numbers is refused",
        arguments: [
            "1", "\"1\"", "null", "{}", "[1.5]", "[\"1\"]", "[null]", "[[1]]", "[1e300]",
            "[9223372036854775808]", "[18446744073709551617]", "[1e-5]", "[{}]",
        ]
    )
    func shapeOfAnotherKind(_ shape: String) {
        #expect(message(file(entry(shape: shape), bodyCount: 4)).contains("is incomplete"))
    }

    @Test(
        "A shape that does not need these bytes is refused, also where the product overflows",
        arguments: [
            "[]", "[1]", "[3]", "[0]", "[-1]", "[-1,-1]", "[1,0]", "[9223372036854775807]",
            "[4611686018427387904,4]", "[4611686018427387905,4]", "[4294967296,4294967296]",
            "[-9223372036854775808]", "[9223372036854775807,9223372036854775807,0]",
        ]
    )
    func wrongShape(_ shape: String) {
        let data = file(entry(shape: shape, offsets: "[0,8]"), bodyCount: 8)
        #expect(message(data).contains("do not agree"))
    }

    @Test(
        "Offsets that are reversed, negative, too large or no pair are refused",
        arguments: [
            "[4,0]", "[-4,0]", "[0,-4]", "[4,8]", "[0,5]", "[0,3]",
            "[9223372036854775803,9223372036854775807]",
            "[-9223372036854775808,9223372036854775807]", "[]", "[0]", "[0,4,4]", "4", "null",
            "[0.5,4.5]", "[\"0\",\"4\"]", "[0,1e99]",
        ]
    )
    func wrongOffsets(_ offsets: String) {
        let message = message(file(entry(offsets: offsets), bodyCount: 4))
        #expect(message.contains("do not agree") || message.contains("is incomplete"))
    }

    @Test(
        "Tensors that overlap or leave a gap are refused, with the name of the second",
        arguments: ["[2,6]", "[0,4]", "[5,9]", "[8,12]"]
    )
    func overlapsAndGaps(_ second: String) {
        let header = """
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},\
            "b":{"dtype":"F32","shape":[1],"data_offsets":\(second)}}
            """
        #expect(message(file(header, bodyCount: 12)).contains("before 'b'"))
    }

    @Test("Bytes before the first tensor are refused")
    func leadingGap() {
        let data = file(entry(offsets: "[4,8]"), bodyCount: 8)
        #expect(message(data).contains("gap or an overlap before 'a'"))
    }

    @Test("A name that stands twice gives an error or one tensor")
    func nameTwice() throws {
        let one = "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
        let two = "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}"
        try survives(file("{\(one),\(two)}", bodyCount: 8))
        try survives(file("{\(one),\(one)}", bodyCount: 4))
    }

    @Test(
        "Metadata that are not strings are refused",
        arguments: ["1", "[]", "null", "\"a\"", "{\"a\":1}", "{\"a\":{}}", "{\"a\":null}"]
    )
    func wrongMetadata(_ metadata: String) {
        let message = message(file("{\"__metadata__\":\(metadata)}"))
        #expect(message.contains("metadata are not strings"))
    }

    @Test("A line break in a name does not break the message")
    func lineBreakInName() {
        #expect(message(file("{\"a\\nb\":{}}")).contains("'a b'"))
    }

    @Test("Tensors without elements and a single number are no attack")
    func harmless() throws {
        let header = """
            {"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},\
            "b":{"dtype":"I64","shape":[],"data_offsets":[0,8]},\
            "c":{"dtype":"BOOL","shape":[0],"data_offsets":[8,8]}}
            """
        let read = try Safetensors(decoding: file(header, bodyCount: 8), path: Self.path)
        #expect(read.tensors.map(\.name) == ["a", "b", "c"])
        #expect(try read.tensors.map { try $0.tensor.shape } == [[0, 7], [], [0]])
    }

    @Test("Random changes of bytes never crash", arguments: 1...4)
    func changedBytes(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let original = try sample()
        for _ in 0..<1000 {
            var data = original
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let position = Int.random(in: 0..<data.count, using: &numbers)
                data[position] = UInt8.random(in: 0...255, using: &numbers)
            }
            try survives(data)
        }
    }

    @Test("Random exchanges of the header's numbers and signs never crash", arguments: 1...4)
    func changedNumbers(_ seed: UInt64) throws {
        var numbers = SeededNumbers(seed: seed)
        let original = try sample()
        let replacements = Array("0123456789-.e[]{},:\"".utf8)
        let digits = original.indices.filter { (0x30...0x39).contains(original[$0]) && $0 >= 8 }
        for _ in 0..<1000 {
            var data = original
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let position = digits[Int.random(in: 0..<digits.count, using: &numbers)]
                data[position] =
                    replacements[Int.random(in: 0..<replacements.count, using: &numbers)]
            }
            try survives(data)
        }
    }

    @Test("Random insertions and deletions never crash")
    func movedBytes() throws {
        var numbers = SeededNumbers(seed: 9)
        let original = try sample()
        for _ in 0..<1000 {
            var data = original
            let position = Int.random(in: 0..<data.count, using: &numbers)
            if Bool.random(using: &numbers) {
                data.insert(UInt8.random(in: 0...255, using: &numbers), at: position)
            } else {
                data.remove(at: position)
            }
            try survives(data)
        }
    }
}
