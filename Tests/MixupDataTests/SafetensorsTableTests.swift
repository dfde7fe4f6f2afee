import Foundation
import Testing

@testable import MixupData

@Suite("Tables in safetensors files")
struct SafetensorsTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// One tensor to write.
    private struct Entry {
        let name: String
        let type: String
        let shape: [Int]
        let bytes: [UInt8]

        static func floats(_ shape: [Int], _ values: [Float]) -> Entry {
            Entry(
                name: "features",
                type: "F32",
                shape: shape,
                bytes: values.flatMap { little($0.bitPattern) }
            )
        }

        static func labels(_ values: [Int64]) -> Entry {
            Entry(name: "labels", type: "I64", shape: [values.count], bytes: values.flatMap(little))
        }
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private func container(header: String, body: [UInt8]) -> [UInt8] {
        Self.little(UInt64(header.utf8.count)) + Array(header.utf8) + body
    }

    @discardableResult
    private func write(_ entries: [Entry], to name: String = "table.safetensors") throws -> String {
        var offset = 0
        let parts = entries.map { entry in
            defer { offset += entry.bytes.count }
            return "\"\(entry.name)\":{\"dtype\":\"\(entry.type)\",\"shape\":\(entry.shape),"
                + "\"data_offsets\":[\(offset),\(offset + entry.bytes.count)]}"
        }
        let header = "{\"__metadata__\":{\"by\":\"a test\"},\(parts.joined(separator: ","))}"
        return try folder.write(
            container(header: header, body: entries.flatMap(\.bytes)),
            to: name
        )
    }

    private func load(_ paths: String...) throws -> DataSplits {
        try DataSource.load(paths, dataDirectory: nil)
    }

    @Test("Two files are training and test part, standardised by the training part")
    func twoFiles() throws {
        let train = try write(
            [.floats([4, 2], [1, 10, 3, 10, 1, 10, 3, 10]), .labels([7, -2, 7, 7])],
            to: "train.safetensors"
        )
        let test = try write(
            [.labels([-2]), .floats([1, 2], [5, 11])],
            to: "test.safetensors"
        )
        let splits = try load(train, test)
        #expect(splits.train.classNames == ["-2", "7"])
        #expect(splits.train.labels == [1, 0, 1, 1])
        #expect(splits.test.labels == [0])
        #expect(try splits.train.minibatch([0, 1]).features == [-1, 0, 1, 0])
        #expect(try splits.test.minibatch([0]).features == [3, 1])
    }

    @Test("One file is divided, a quarter of every class for testing")
    func oneFile() throws {
        let path = try write([
            .floats([16, 1], (0..<16).map { Float($0) }), .labels((0..<16).map { $0 % 2 }),
        ])
        let splits = try load(path)
        #expect(splits.train.classCounts == [6, 6])
        #expect(splits.test.classCounts == [2, 2])
    }

    @Test("Every type of number that is allowed gives the same examples")
    func types() throws {
        let values = [4, 200, 16, 0, 7, 255, 1, 2]
        let features = [
            Entry.floats([4, 2], values.map { Float($0) }),
            Entry(
                name: "features",
                type: "F64",
                shape: [4, 2],
                bytes: values.flatMap { Self.little(Double($0).bitPattern) }
            ),
            Entry(name: "features", type: "U8", shape: [4, 2], bytes: values.map { UInt8($0) }),
        ]
        let labels = [
            Entry.labels([0, 1, 1, 0]),
            Entry(
                name: "labels",
                type: "I32",
                shape: [4],
                bytes: [0, 1, 1, 0].flatMap { Self.little(Int32($0)) }
            ),
            Entry(name: "labels", type: "U8", shape: [4], bytes: [0, 1, 1, 0]),
        ]
        let usual = try load(write([features[0], labels[0]]))
        for (features, labels) in zip(features, labels) {
            let splits = try load(write([features, labels]))
            #expect(splits.train.labels == usual.train.labels)
            let found = try splits.train.minibatch([0, 1, 2]).features
            let expected = try usual.train.minibatch([0, 1, 2]).features
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test("Bytes of four dimensions are images, normalised by channel")
    func images() throws {
        let path = try write([
            Entry(
                name: "features",
                type: "U8",
                shape: [4, 3, 2, 1],
                bytes: (0..<24).map { UInt8($0 * 10) }
            ),
            .labels([0, 0, 1, 1]),
        ])
        let train = try load(path).train
        #expect(train.shape == [3, 2, 1])
        #expect(train.normalization.mean.count == 3)
        guard case .bytes = train.features else {
            return #expect(Bool(false), "images are bytes")
        }
    }

    @Test("Tensors that do not make a table are refused with the file and the cause")
    func badTensors() throws {
        let good = Entry.floats([4, 1], [1, 2, 3, 4])
        let two = Entry.labels([0, 0, 1, 1])
        let half = Entry(
            name: "features",
            type: "F16",
            shape: [4, 1],
            bytes: .init(repeating: 0, count: 8)
        )
        let floats = Entry(
            name: "labels",
            type: "F32",
            shape: [4],
            bytes: .init(repeating: 0, count: 16)
        )
        let cases: [([Entry], String)] = [
            ([two], "there is no tensor 'features'; there are: labels"),
            ([good], "there is no tensor 'labels'; there are: features"),
            ([half, two], "'features' has the element type F16; possible are F32, F64, U8"),
            ([good, floats], "'labels' has the element type F32; possible are I64, I32, U8"),
            ([.floats([4], [1, 2, 3, 4]), two], "'features' has the shape [4]; it must be"),
            ([.floats([4, 0], []), two], "'features' has the shape [4, 0]; it must be"),
            ([.floats([0, 4], []), .labels([])], "'features' has the shape [0, 4]; it must be"),
            (
                [good, .labels([0, 1])],
                "'labels' has the shape [2]; with these features it must be [4]"
            ),
            ([.floats([4, 1], [1, 2, .nan, 4]), two], "'features' holds nan in example 2"),
            (
                [.floats([2, 2], [1, 2, 3, .infinity]), .labels([0, 1])],
                "'features' holds inf in example 1"
            ),
            ([good, .labels([0, 1, 1, 1])], "class 0 has a single example"),
            (
                [.floats([4, 2], [1, 2, 3, 4]), two], "the shape [4, 2] of 'features' and its bytes"
            ),
            (
                [.floats([-4, -1], [1, 2, 3, 4]), two],
                "the shape [-4, -1] of 'features' and its bytes"
            ),
        ]
        for (entries, reason) in cases {
            let path = try write(entries)
            expectRefusal("\(path): \(reason)") { try load(path) }
        }
    }

    @Test("A test part of another shape, or with a class of its own, is refused")
    func badTest() throws {
        let train = try write(
            [.floats([2, 1], [1, 2]), .labels([0, 1])],
            to: "train.safetensors"
        )
        let other = try write([.floats([1, 2], [1, 2]), .labels([0])], to: "other.safetensors")
        expectRefusal("\(other): an example has the shape [2]; in \(train) it is [1]") {
            try load(train, other)
        }
        let label = try write([.floats([1, 1], [1]), .labels([2])], to: "label.safetensors")
        expectRefusal("\(label): example 0 has the label 2, which no training example has") {
            try load(train, label)
        }
        let table = try folder.write("1,a\n2,b\n", to: "table.csv")
        expectRefusal("\(table): this is not a safetensors file") { try load(train, table) }
    }

    /// Headers for a body of 8 bytes.
    private static let hostileHeaders = [
        "",
        "[]",
        "{",
        "null",
        "{\"a\":1}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8,9]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[1,8]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[-8,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,1e300]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
        String(repeating: "[", count: 100_000),
        String(repeating: "{\"a\":", count: 100_000),
    ]

    @Test("A header that claims what is not so is refused", arguments: hostileHeaders)
    func hostile(_ header: String) throws {
        let bytes = container(header: header, body: [UInt8](repeating: 0, count: 8))
        let path = try folder.write(bytes, to: "hostile.safetensors")
        expectRefusal("\(path): this is not a safetensors file, or a damaged one") {
            try load(path)
        }
    }

    @Test("A length of the header beyond the file is refused")
    func hostileLength() throws {
        for length in [9, 1 << 40, UInt64.max, 1 << 63] as [UInt64] {
            let bytes = Self.little(length) + Array("{}      ".utf8)
            let path = try folder.write(bytes, to: "length.safetensors")
            expectRefusal("\(path): this is not a safetensors file", "\(length) bytes") {
                try load(path)
            }
        }
        for count in 0..<8 {
            let bytes = [UInt8](repeating: 0, count: count)
            let path = try folder.write(bytes, to: "short.safetensors")
            expectRefusal("\(path): this is not a safetensors file", "only \(count) bytes") {
                try load(path)
            }
        }
    }

    @Test("A shape whose product overflows is refused")
    func overflow() throws {
        let header =
            "{\"features\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],"
            + "\"data_offsets\":[0,0]},\"labels\":{\"dtype\":\"U8\",\"shape\":[8],"
            + "\"data_offsets\":[0,8]}}"
        let bytes = container(header: header, body: [UInt8](repeating: 0, count: 8))
        let path = try folder.write(bytes, to: "overflow.safetensors")
        expectRefusal("\(path): the shape [4611686018427387904, 4] of 'features'") {
            try load(path)
        }
    }
}
