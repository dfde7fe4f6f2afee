import Foundation

/// A file in the safetensors format: eight bytes with the length of a JSON header, the header, and
/// the tensors' bytes in little-endian order.
///
/// The file may come from anybody: every claim of the header is checked before it is used.
struct SafetensorsContainer {
    /// The file, as messages call it.
    let path: String

    private let bytes: [UInt8]
    private let header: Header
    private let start: Int

    /// The header's length that the format's own library refuses, too.
    private static let headerLimit: UInt64 = 100_000_000

    /// Reads a file.
    ///
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` and
    ///   ``DataError/invalidFile(path:reason:)``.
    init(path: String) throws { try self.init(bytes: FileBytes.read(path), path: path) }

    /// Reads the content of a file.
    init(bytes: [UInt8], path: String) throws {
        func malformed(_ reason: String) -> DataError {
            .invalidFile(
                path: path,
                reason: "this is not a safetensors file, or a damaged one: \(reason)"
            )
        }
        guard bytes.count >= 8 else { throw malformed("it has only \(bytes.count) bytes") }
        let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= Self.headerLimit, length <= UInt64(bytes.count - 8) else {
            throw malformed("its header would have \(length) bytes")
        }
        let start = 8 + Int(length)
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes[8..<start]))
        else { throw malformed("its header is not what the format asks for") }
        var end = 0
        for (name, entry) in header.tensors.sorted(by: { $0.value.precedes($1.value) }) {
            guard entry.offsets.count == 2, entry.offsets[0] == end, entry.offsets[1] >= end,
                entry.offsets[1] <= bytes.count - start
            else {
                throw malformed("the bytes of '\(name)' are not in the file, or not its own")
            }
            end = entry.offsets[1]
        }
        guard end == bytes.count - start else {
            throw malformed("\(bytes.count - start - end) bytes at its end belong to no tensor")
        }
        self.path = path
        self.bytes = bytes
        self.header = header
        self.start = start
    }

    /// One tensor of the file.
    struct Tensor {
        let name: String
        /// The element type as the format writes it, for example `F32`.
        let type: String
        let shape: [Int]
        let bytes: ArraySlice<UInt8>
    }

    /// The tensor with a name, whose elements have one of the given types.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - types: the element types that are possible here, with their sizes in bytes.
    /// - Throws: ``DataError/invalidFile(path:reason:)``.
    func tensor(_ name: String, types: KeyValuePairs<String, Int>) throws -> Tensor {
        func invalid(_ reason: String) -> DataError { .invalidFile(path: path, reason: reason) }

        guard let entry = header.tensors[name] else {
            let names = header.tensors.keys.sorted().prefix(8).joined(separator: ", ")
            throw invalid("there is no tensor '\(name)'; there are: \(names)")
        }
        guard let elementSize = types.first(where: { $0.key == entry.type })?.value else {
            throw invalid(
                "'\(name)' has the element type \(entry.type); possible are "
                    + types.map(\.key).joined(separator: ", ")
            )
        }
        guard entry.shape.allSatisfy({ $0 >= 0 }),
            Dataset.product(entry.shape + [elementSize]) == entry.offsets[1] - entry.offsets[0]
        else {
            throw invalid("the shape \(entry.shape) of '\(name)' and its bytes do not agree")
        }
        return Tensor(
            name: name,
            type: entry.type,
            shape: entry.shape,
            bytes: bytes[start + entry.offsets[0]..<start + entry.offsets[1]]
        )
    }
}

extension SafetensorsContainer.Tensor {
    /// The elements that each take as many bytes as `Bits` has.
    func elements<Bits: FixedWidthInteger>(_: Bits.Type) -> [Bits] {
        bytes.withUnsafeBytes { memory in
            stride(from: 0, to: memory.count, by: MemoryLayout<Bits>.size).map {
                Bits(littleEndian: memory.loadUnaligned(fromByteOffset: $0, as: Bits.self))
            }
        }
    }
}

/// The JSON header: an entry for each tensor, and free text.
private struct Header: Decodable {
    let tensors: [String: Entry]

    struct Entry: Decodable {
        let type: String
        let shape: [Int]
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case type = "dtype"
            case shape
            case offsets = "data_offsets"
        }

        /// Empty tensors go before the one that starts where they do.
        func precedes(_ other: Entry) -> Bool { offsets.lexicographicallyPrecedes(other.offsets) }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var tensors: [String: Entry] = [:]
        for key in container.allKeys where key.stringValue != "__metadata__" {
            tensors[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
        self.tensors = tensors
    }
}
