import Foundation
import LibTorch
import ManifoldMixup
import Yams

/// A value that a recipe can hold, as YAML.
protocol RecipeValue {
    /// The value on one line of YAML; reading it gives the same value, bit for bit.
    var yaml: String { get }
}

/// A single value that can be read from a YAML scalar.
protocol RecipeScalar: RecipeValue {
    /// The value, or nil when the scalar is something else.
    init?(scalar: Node.Scalar)

    /// What is allowed, for a message.
    static var allowed: String { get }
}

/// A setting that takes one of a few names.
protocol RecipeChoice: RecipeScalar, RawRepresentable<String>, CaseIterable {}

extension RecipeChoice {
    init?(scalar: Node.Scalar) { self.init(rawValue: scalar.string) }

    static var allowed: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var yaml: String { rawValue }
}

extension Activation.Function: RecipeChoice {}
extension MixupLoss: RecipeChoice {}
extension Mixup.LambdaScope: RecipeChoice {}
extension Mixup.Partner: RecipeChoice {}
extension Precision: RecipeChoice {}
extension TrainingEngine: RecipeChoice {}

extension DeviceChoice: RecipeScalar {
    init?(scalar: Node.Scalar) { self.init(scalar.string) }

    static let allowed = "auto, cpu, cuda, or cuda:N with the number of a device"

    var yaml: String { description }
}

extension Double: RecipeScalar {
    init?(scalar: Node.Scalar) {
        // Swift would also read nan, infinity and hexadecimal, none of which a recipe means.
        guard !scalar.isQuoted, scalar.string.utf8.allSatisfy("0123456789+-.eE".utf8.contains),
            let value = Double(scalar.string)
        else { return nil }
        self = value
    }

    static let allowed = "a number"

    var yaml: String { description }
}

extension Int: RecipeScalar {
    init?(scalar: Node.Scalar) {
        guard !scalar.isQuoted else { return nil }
        self.init(scalar.string)
    }

    static let allowed = "a whole number"

    var yaml: String { description }
}

extension UInt64: RecipeScalar {
    init?(scalar: Node.Scalar) {
        guard !scalar.isQuoted else { return nil }
        self.init(scalar.string)
    }

    static let allowed = "a whole number from 0 to \(UInt64.max)"

    var yaml: String { description }
}

extension Bool: RecipeScalar {
    init?(scalar: Node.Scalar) {
        guard !scalar.isQuoted else { return nil }
        self.init(scalar.string)
    }

    static let allowed = "true or false"

    var yaml: String { description }
}

extension String: RecipeScalar {
    init?(scalar: Node.Scalar) { self = scalar.string }

    static let allowed = "text"

    /// Bare where nothing else could be meant, otherwise in double quotes with escapes.
    var yaml: String {
        let bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-"
        let starts = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/"
        let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        if let first, starts.contains(first), allSatisfy(bare.contains),
            !words.contains(lowercased())
        {
            return self
        }
        return "\"" + unicodeScalars.map { $0.escaped(asASCII: false) }.joined() + "\""
    }
}

extension Unicode.Scalar {
    /// The scalar inside a double-quoted YAML text.
    func escaped(asASCII: Bool) -> String {
        switch value {
        case 0x22: "\\\""
        case 0x5C: "\\\\"
        case 0x09: "\\t"
        case 0x0A: "\\n"
        case 0x0D: "\\r"
        case 0x20...0x7E: String(self)
        case 0xA1...0x2027 where !asASCII, 0x202A...0xD7FF where !asASCII,
            0xE000...0xFEFE where !asASCII, 0xFF00...0xFFFD where !asASCII:
            String(self)
        default: "\\U" + String(repeating: "0", count: 8 - hexadecimal.count) + hexadecimal
        }
    }

    private var hexadecimal: String { String(value, radix: 16, uppercase: true) }
}

extension Array: RecipeValue where Element: RecipeValue {
    var yaml: String { "[" + map(\.yaml).joined(separator: ", ") + "]" }
}

extension Optional: RecipeValue where Wrapped: RecipeValue {
    var yaml: String { map(\.yaml) ?? "null" }
}
