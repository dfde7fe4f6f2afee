import Testing

@testable import MixupTraining

@Suite("The files of TensorBoard, byte by byte")
struct TFRecordTests {
    @Test("CRC-32C gives the check sums of RFC 3720, appendix B.4")
    func checkSums() {
        #expect(CRC32C.checksum([]) == 0)
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(UInt8(0)..<32) == 0x46DD_794E)
        #expect(CRC32C.checksum((UInt8(0)..<32).reversed()) == 0x113F_DB5C)
    }

    @Test("The mask can be taken off again, as readers do")
    func mask() {
        for text in ["", "a", "manifold mixup"] {
            let turned = CRC32C.masked(text.utf8) &- 0xA282_EAD8
            #expect(turned >> 17 | turned << 15 == CRC32C.checksum(text.utf8))
        }
    }

    private func number<Number: FixedWidthInteger>(_ bytes: some Collection<UInt8>) -> Number {
        bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    /// The data of a framed record, or nil where a check sum does not fit.
    private func data(_ record: [UInt8]) -> [UInt8]? {
        guard record.count >= 16 else { return nil }
        let length: UInt64 = number(record[..<8])
        guard number(record[8..<12]) == CRC32C.masked(record[..<8]),
            length == UInt64(record.count - 16)
        else { return nil }
        let data = Array(record[12..<record.count - 4])
        return number(record[(record.count - 4)...]) == CRC32C.masked(data) ? data : nil
    }

    @Test("A record is its length, its data and two check sums, which notice every flipped bit")
    func frame() {
        for count in [0, 1, 40, 300] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let record = TFRecord.framed(content)
            #expect(record.count == count + 16)
            #expect(data(record) == content)
            for bit in 0..<record.count * 8 {
                var damaged = record
                damaged[bit / 8] ^= 1 << (bit % 8)
                #expect(data(damaged) == nil)
            }
        }
    }

    @Test("Fields have the bytes of the protocol buffers' own description")
    func fields() {
        func bytes(_ fill: (inout ProtocolBuffer) -> Void) -> [UInt8] {
            var message = ProtocolBuffer()
            fill(&message)
            return message.bytes
        }
        #expect(bytes { $0.add(1, 150 as Int64) } == [0x08, 0x96, 0x01])
        #expect(bytes { $0.add(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
        let inner = bytes { message in
            var inner = ProtocolBuffer()
            inner.add(1, 150 as Int64)
            message.add(3, inner)
        }
        #expect(inner == [0x1A, 0x03, 0x08, 0x96, 0x01])
        #expect(bytes { $0.add(1, 0 as Int64) } == [0x08, 0x00])
        #expect(
            bytes { $0.add(1, -1 as Int64) } == [0x08] + [UInt8](repeating: 0xFF, count: 9) + [1]
        )
        #expect(bytes { $0.add(1, 1.0 as Double) } == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        #expect(bytes { $0.add(2, -2 as Float) } == [0x15, 0, 0, 0, 0xC0])
        // A key above 15 and a length above 127 need two bytes each.
        let long = bytes { $0.add(16, String(repeating: "x", count: 200)) }
        #expect(Array(long.prefix(4)) == [0x82, 0x01, 0xC8, 0x01])
        #expect(long.count == 204)
    }
}
