import Foundation
import LibTorch
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
    private func reread(_ file: Safetensors) throws -> Safetensors {
        try Safetensors(decoding: file.encoded(), path: "test.safetensors")
    }

    /// The length of the header, the header, and the tensors' bytes.
    private func parts(_ data: Data) throws -> (length: Int, header: [String: Any], body: Data) {
        let length = data.prefix(8).enumerated().reduce(0) {
            $0 + Int($1.element) << (8 * $1.offset)
        }
        let header = try JSONSerialization.jsonObject(with: Data(data.dropFirst(8).prefix(length)))
        return (length, try #require(header as? [String: Any]), Data(data.dropFirst(8 + length)))
    }

    @Test("Tensors of every element type come back bit by bit", arguments: DType.allCases)
    func roundTrip(_ dtype: DType) throws {
        for shape in [[], [1], [5], [2, 3], [2, 1, 3, 2], [0], [0, 4], [3, 0]] {
            let count = shape.reduce(dtype.byteCount, *)
            let bytes = (0..<count).map { dtype == .bool ? UInt8($0 % 2) : UInt8($0 * 37 % 251) }
            let tensor = try bytes.withUnsafeBytes {
                try Tensor(bytes: $0, shape: shape, dtype: dtype)
            }
            let tensors = try reread(Safetensors(tensors: [("some.name", tensor)])).tensors
            #expect(tensors.map(\.name) == ["some.name"])
            #expect(try tensors[0].tensor.shape == shape)
            #expect(try tensors[0].tensor.dtype == dtype)
            #expect(try tensors[0].tensor.bytes == bytes)
        }
    }

    @Test("Every NaN keeps its bits, and so do infinities and negative zero")
    func notANumber() throws {
        let singles: [UInt32] = [
            0x7fc0_0000, 0x7fc1_2345, 0xffc0_0001, 0x7f80_0001, 0xff80_0000, 0x8000_0000,
            0x0000_0001,
        ]
        let doubles: [UInt64] = [
            0x7ff8_0000_dead_beef, 0x7ff0_0000_0000_0001, 0xfff0_0000_0000_0000,
        ]
        let file = Safetensors(
            tensors: [
                ("single", try Tensor(singles.map(Float.init(bitPattern:)))),
                ("double", try Tensor(doubles.map(Double.init(bitPattern:)))),
            ]
        )
        let read = try reread(file).dictionary
        let single: [Float] = try #require(read["single"]).scalars()
        let double: [Double] = try #require(read["double"]).scalars()
        #expect(single.map(\.bitPattern) == singles)
        #expect(double.map(\.bitPattern) == doubles)
    }

    @Test("The order of the tensors and the metadata come back")
    func orderAndMetadata() throws {
        let names = ["z", "a", "fc1.weight", "ü/\"quoted\"\\", "", "a10", "a9"]
        let file = Safetensors(
            tensors: try names.enumerated().map { ($1, try Tensor([Float($0)])) },
            metadata: ["epoch": "3", "note": "line\nbreak, \"quotes\", ü, 🙂", "": ""]
        )
        let read = try reread(file)
        #expect(read.tensors.map(\.name) == names)
        #expect(try read.tensors.map { try $0.tensor.item() } == [0, 1, 2, 3, 4, 5, 6])
        #expect(read.metadata == file.metadata)
        #expect(Set(read.dictionary.keys) == Set(names))
    }

    @Test("A file without tensors is a file, with and without metadata")
    func empty() throws {
        #expect(try reread(Safetensors(tensors: [])).tensors.isEmpty)
        #expect(try reread(Safetensors(tensors: [], metadata: ["a": "b"])).metadata == ["a": "b"])
    }

    @Test("The layout is the format's: length, header with types, shapes and offsets, bytes")
    func layout() throws {
        let file = Safetensors(
            tensors: [
                ("flags", try Tensor([UInt8(1), 2, 3])),
                ("w", try Tensor([Float(1), -2], shape: [2, 1])),
            ],
            metadata: ["kind": "test"]
        )
        let (_, header, body) = try parts(file.encoded())
        #expect(header.count == 3)
        #expect(header["__metadata__"] as? [String: String] == ["kind": "test"])
        let flags = try #require(header["flags"] as? [String: Any])
        let weight = try #require(header["w"] as? [String: Any])
        #expect(flags["dtype"] as? String == "U8" && weight["dtype"] as? String == "F32")
        #expect(flags["shape"] as? [Int] == [3] && weight["shape"] as? [Int] == [2, 1])
        #expect(flags["data_offsets"] as? [Int] == [0, 3])
        #expect(weight["data_offsets"] as? [Int] == [3, 11])
        #expect(Array(body) == [1, 2, 3, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    }

    @Test("The tensors' bytes start at a multiple of eight, whatever the header's length")
    func alignment() throws {
        for length in 1...16 {
            let name = String(repeating: "n", count: length)
            let data = try Safetensors(tensors: [(name, Tensor([1.0]))]).encoded()
            let (headerLength, _, body) = try parts(data)
            #expect(headerLength % 8 == 0)
            #expect(body.count == 8)
            #expect(data.count % 8 == 0)
        }
    }

    @Test("Equal contents give equal bytes")
    func deterministic() throws {
        let keys = (0..<40).map { "key \($0 * 7919 % 1009)" }
        var (one, other) = ([String: String](), [String: String](minimumCapacity: 500))
        for key in keys { one[key] = key + "!" }
        for key in keys.reversed() { other[key] = key + "!" }
        let tensors = try keys.map { ($0, try Tensor([Float(1)])) }
        let bytes = try Safetensors(tensors: tensors, metadata: one).encoded()
        #expect(try Safetensors(tensors: tensors, metadata: other).encoded() == bytes)
        #expect(try reread(Safetensors(tensors: tensors, metadata: one)).encoded() == bytes)
    }

    @Test("Views are saved in row-major order, parameters without their graph")
    func viewsAndParameters() throws {
        let matrix = try Tensor([1, 2, 3, 4, 5, 6.0], shape: [2, 3]).requiringGradient()
        let file = Safetensors(
            tensors: [
                ("view", try matrix.transposed()), ("leaf", matrix), ("sum", try matrix.sum()),
            ]
        )
        let read = try reread(file).dictionary
        #expect(try read["view"]?.doubles == [1, 4, 2, 5, 3, 6])
        #expect(try read["leaf"]?.requiresGradient == false)
        #expect(try read["sum"]?.item() == 21)
    }

    @Test("Two tensors of one name, or one with the metadata's, are refused")
    func clashingNames() throws {
        let tensor = try Tensor([1.0])
        for (file, name) in [
            (Safetensors(tensors: [("a", tensor), ("a", tensor)]), "'a'"),
            (Safetensors(tensors: [("__metadata__", tensor)]), "'__metadata__'"),
            (
                Safetensors(tensors: [("__metadata__", tensor)], metadata: ["a": "b"]),
                "'__metadata__'"
            ),
        ] {
            #expect(refusal { try file.encoded() }.contains(name))
        }
    }

    @Test("A written file is read from its path; what cannot be read is refused with the path")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("safetensors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("weights.safetensors").path
        #expect(refusal { try Safetensors(path: path) }.hasPrefix("\(path) cannot be read"))
        #expect(refusal { try Safetensors(path: folder.path) }.hasPrefix(folder.path))
        try Safetensors(tensors: [("a", Tensor([1.0]))]).encoded()
            .write(to: URL(fileURLWithPath: path))
        #expect(try Safetensors(path: path).dictionary["a"]?.doubles == [1])
        try Data("not a file".utf8).write(to: URL(fileURLWithPath: path))
        #expect(refusal { try Safetensors(path: path) }.hasPrefix("\(path) is damaged"))
    }

    @Test("Half precision is read as float32, number by number")
    func half() throws {
        // 1, −2, the largest number, the smallest above 0, and 0.1 as near as half precision has it.
        let bits: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x2E66]
        let header = #"{"a":{"dtype":"F16","shape":[5,1],"data_offsets":[0,10]}}"#
        let body = bits.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        let read = try Safetensors(decoding: length + Data(header.utf8) + Data(body), path: "half")
        let tensor = try #require(read.dictionary["a"])
        #expect(try tensor.shape == [5, 1])
        #expect(
            try tensor.scalars(as: Float.self) == [1, -2, 65504, 0x1p-24, 0.0999755859375]
        )
        let short = length + Data(header.utf8) + Data(body.dropLast())
        #expect(refusal { try Safetensors(decoding: short, path: "half") }.contains("'a'"))
    }

    @Test("Bytes in the middle of other data are read")
    func slice() throws {
        let data = try Safetensors(tensors: [("a", Tensor([1.0, 2]))]).encoded()
        let slice = (Data([1, 2, 3]) + data + Data([4])).dropFirst(3).dropLast()
        #expect(try Safetensors(decoding: slice, path: "slice").dictionary["a"]?.doubles == [1, 2])
    }
}
