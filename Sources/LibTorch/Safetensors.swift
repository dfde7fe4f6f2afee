import Foundation

/// Named tensors and a few strings, in the safetensors format: eight bytes with the length of a JSON
/// header, the header, and the tensors' bytes in little-endian order.
public struct Safetensors {
    /// The tensors in the order of their bytes.
    public var tensors: [(name: String, tensor: Tensor)]
    /// Free text, by key.
    public var metadata: [String: String]

    /// Creates the contents of a file.
    public init(
        tensors: [(name: String, tensor: Tensor)],
        metadata: [String: String] = [:]
    ) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The tensors by name.
    public var dictionary: [String: Tensor] {
        Dictionary(tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { _, last in last })
    }

    private static let names: [DType: String] = [
        .uint8: "U8", .int64: "I64", .float32: "F32", .float64: "F64", .bfloat16: "BF16",
        .bool: "BOOL",
    ]
    /// Half precision, which is only read: as `float32`, which has all of its numbers.
    private static let half = (name: "F16", byteCount: 2)

    /// The bytes of the file.
    ///
    /// - Throws: `TorchError` if two tensors have one name, or one has the name of the metadata.
    public func encoded() throws -> Data {
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for (name, tensor) in tensors {
            let dtype = try tensor.dtype
            let byteCount = try tensor.elementCount * dtype.byteCount
            guard header[name] == nil, name != "__metadata__" else {
                throw TorchError(
                    "a second tensor cannot be saved as '\(name)'; names must differ from each other "
                        + "and from __metadata__"
                )
            }
            header[name] =
                [
                    "dtype": Self.names[dtype] ?? "", "shape": try tensor.shape,
                    "data_offsets": [offset, offset + byteCount],
                ] as [String: Any]
            offset += byteCount
        }
        // Sorted keys make equal contents equal bytes; spaces keep the tensors aligned.
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))

        var data = Data(count: 8 + json.count + offset)
        try data.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt64(json.count).littleEndian, as: UInt64.self)
            bytes[8..<8 + json.count].copyBytes(from: json)
            var position = 8 + json.count
            for (_, tensor) in tensors {
                let byteCount = try tensor.elementCount * tensor.dtype.byteCount
                try tensor.copyBytes(
                    to: UnsafeMutableRawBufferPointer(
                        rebasing: bytes[position..<position + byteCount]
                    )
                )
                position += byteCount
            }
        }
        return data
    }

    /// Reads a file.
    ///
    /// - Throws: `TorchError` that names the file, if it cannot be read or is not well formed.
    public init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw TorchError("\(path) cannot be read; does it exist, and may you read it?")
        }
        try self.init(decoding: data, path: path)
    }

    /// Reads the bytes of a file; `path` names it in errors.
    public init(decoding data: Data, path: String) throws {
        func malformed(_ reason: String) -> TorchError {
            TorchError("\(path) is damaged or not a safetensors file: \(reason)")
        }
        guard data.count >= 8 else { throw malformed("it has only \(data.count) bytes") }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= data.count - 8 else {
            throw malformed("its header would end behind the end of the file")
        }
        let body = data.dropFirst(8 + Int(length))
        let json = data.dropFirst(8).prefix(Int(length))
        guard let header = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw malformed("its header is not a JSON object")
        }
        guard let metadata = (header["__metadata__"] ?? [:]) as? [String: String] else {
            throw malformed("its metadata are not strings")
        }
        self.metadata = metadata

        var entries: [(name: String, dtype: DType, isHalf: Bool, shape: [Int], range: Range<Int>)] =
            []
        for (name, value) in header where name != "__metadata__" {
            guard let fields = value as? [String: Any],
                let typeName = fields["dtype"] as? String,
                let shape = fields["shape"] as? [Int],
                let offsets = fields["data_offsets"] as? [Int],
                offsets.count == 2
            else {
                throw malformed("the entry '\(name)' is incomplete")
            }
            let isHalf = typeName == Self.half.name
            let known = Self.names.first { $0.value == typeName }?.key
            guard let dtype = isHalf ? .float32 : known else {
                throw malformed(
                    "'\(name)' has the element type \(typeName), which is not supported"
                )
            }
            guard shape.allSatisfy({ $0 >= 0 }),
                let byteCount = shape.reduce(
                    Optional(isHalf ? Self.half.byteCount : dtype.byteCount),
                    { product, size in
                        product.flatMap {
                            let (result, overflow) = $0.multipliedReportingOverflow(by: size)
                            return overflow ? nil : result
                        }
                    }
                ),
                offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= body.count,
                offsets[1] - offsets[0] == byteCount
            else {
                throw malformed("the shape and the position of '\(name)' do not agree")
            }
            entries.append((name, dtype, isHalf, shape, offsets[0]..<offsets[1]))
        }
        entries.sort { ($0.range.lowerBound, $0.name) < ($1.range.lowerBound, $1.name) }
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw malformed("there is a gap or an overlap before '\(entry.name)'")
            }
            end = entry.range.upperBound
        }
        guard end == body.count else {
            throw malformed("\(body.count - end) bytes at its end belong to no tensor")
        }
        tensors = try body.withUnsafeBytes { bytes in
            try entries.map { entry in
                let slice = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
                let tensor =
                    entry.isHalf
                    ? try Tensor(Self.widened(slice), shape: entry.shape)
                    : try Tensor(bytes: slice, shape: entry.shape, dtype: entry.dtype)
                return (entry.name, tensor)
            }
        }
    }

    /// Numbers in half precision as they are in single precision.
    private static func widened(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        stride(from: 0, to: bytes.count, by: half.byteCount).map { offset in
            let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
            return Float(Float16(bitPattern: UInt16(littleEndian: bits)))
        }
    }
}
