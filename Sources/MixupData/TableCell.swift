import Foundation

/// One entry of a line, without the blanks and the quotation marks around it.
struct TableCell {
    private let bytes: ArraySlice<UInt8>

    private static let quote = UInt8(ascii: "\"")

    /// Whether a byte is a blank, or a part of a line's end.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// The cells of a line; nothing where a quotation mark is not closed.
    static func cells(of line: ArraySlice<UInt8>) -> [TableCell]? {
        var cells: [TableCell] = []
        var start = line.startIndex
        var isQuoted = false
        for (index, byte) in zip(line.indices, line) {
            if byte == quote {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ","), !isQuoted {
                cells.append(TableCell(line[start..<index]))
                start = index + 1
            }
        }
        cells.append(TableCell(line[start...]))
        return isQuoted ? nil : cells
    }

    private init(_ raw: ArraySlice<UInt8>) {
        var bytes = raw
        while let first = bytes.first, Self.isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, Self.isBlank(last) { bytes.removeLast() }
        if bytes.count > 1, bytes.first == Self.quote, bytes.last == Self.quote {
            bytes = bytes.dropFirst().dropLast()
        }
        self.bytes = bytes
    }

    /// The text, or nothing where it is not UTF-8; a doubled quotation mark stands for one.
    var text: String? {
        String(bytes: bytes, encoding: .utf8)?.replacing("\"\"", with: "\"")
    }

    /// The number, or nothing where it is none.
    var number: Float? {
        // Most tables hold small whole numbers, and this is ten times faster.
        if bytes.count <= 7, !bytes.isEmpty, bytes.allSatisfy({ (48...57).contains($0) }) {
            return Float(bytes.reduce(0) { $0 * 10 + Int($1 - 48) })
        }
        return Float(String(decoding: bytes, as: UTF8.self))
    }

    /// The text for a message.
    var quoted: String { "'\(String(decoding: bytes.prefix(40), as: UTF8.self))'" }
}
