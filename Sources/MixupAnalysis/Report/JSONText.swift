import Foundation

/// A JSON value that keeps the order of its keys, and whose text is safe inside a page.
indirect enum JSONText: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(floatLiteral value: Double) { self = .number(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(arrayLiteral elements: JSONText...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSONText)...) { self = .object(elements) }

    /// Numbers, with `null` for what is missing or not finite.
    init(_ numbers: [Double?]) {
        self = .array(numbers.map { $0.map(JSONText.number) ?? .null })
    }

    /// The value in one line of ASCII.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): Self.text(of: value)
        case .string(let value): Self.text(of: value)
        case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.text(of: $0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
        }
    }

    /// Five digits are more than a picture shows, and keep the page small.
    private static func text(of number: Double) -> String {
        guard number.isFinite else { return "null" }
        return number == number.rounded() && abs(number) < 1e15
            ? String(Int(number)) : String(format: "%.5g", number)
    }

    /// Escapes whatever is not plain, so that no text can end the script that holds it.
    private static func text(of string: String) -> String {
        var text = "\""
        for unit in string.utf16 {
            switch unit {
            case 0x20...0x7E where !"\"\\<>&".utf16.contains(unit):
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                text += String(format: "\\u%04x", Int(unit))
            }
        }
        return text + "\""
    }
}
