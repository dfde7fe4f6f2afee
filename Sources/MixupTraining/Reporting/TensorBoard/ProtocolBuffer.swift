/// A message in the wire format of protocol buffers, as far as event files need it.
///
/// A field is a key and a value. The key is a varint, `number << 3 | type`, with type 0 for a
/// varint, 1 for eight bytes, 2 for a length (a varint) and as many bytes, 5 for four bytes. A
/// varint has seven bits a byte, the least significant first; the eighth bit is set in all bytes
/// but the last.
struct ProtocolBuffer {
    /// The fields so far.
    private(set) var bytes: [UInt8] = []

    /// Adds an int64 or an enum; negative numbers take ten bytes.
    mutating func add(_ number: Int, _ value: Int64) {
        add(key: number, type: 0)
        add(varint: UInt64(bitPattern: value))
    }

    /// Adds a double.
    mutating func add(_ number: Int, _ value: Double) {
        add(key: number, type: 1)
        bytes += value.bitPattern.littleEndianBytes
    }

    /// Adds a float.
    mutating func add(_ number: Int, _ value: Float) {
        add(key: number, type: 5)
        bytes += value.bitPattern.littleEndianBytes
    }

    /// Adds a string.
    mutating func add(_ number: Int, _ value: String) {
        add(number, Array(value.utf8))
    }

    /// Adds a message within this one.
    mutating func add(_ number: Int, _ value: ProtocolBuffer) {
        add(number, value.bytes)
    }

    private mutating func add(_ number: Int, _ content: [UInt8]) {
        add(key: number, type: 2)
        add(varint: UInt64(content.count))
        bytes += content
    }

    private mutating func add(key number: Int, type: UInt64) {
        add(varint: UInt64(number) << 3 | type)
    }

    private mutating func add(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
