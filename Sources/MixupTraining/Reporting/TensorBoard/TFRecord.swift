/// The frame of one record in a TFRecord file.
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | the length of the data |
/// | 4 | the masked CRC-32C of these eight bytes |
/// | length | the data |
/// | 4 | the masked CRC-32C of the data |
///
/// Numbers are little-endian.
enum TFRecord {
    /// The data in its frame.
    static func framed(_ data: [UInt8]) -> [UInt8] {
        let length = UInt64(data.count).littleEndianBytes
        return length + CRC32C.masked(length).littleEndianBytes
            + data + CRC32C.masked(data).littleEndianBytes
    }
}

extension FixedWidthInteger {
    /// The bytes, the least significant first.
    var littleEndianBytes: [UInt8] {
        withUnsafeBytes(of: littleEndian) { Array($0) }
    }
}
