import Foundation
import Testing

@testable import MixupAnalysis

@Suite("JSON inside a page")
struct JSONTextTests {
    private func parsed(_ value: JSONText) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(value.text.utf8), options: .fragmentsAllowed)
    }

    @Test("Any text comes back as it was, and cannot end the script that holds it")
    func strings() throws {
        let all = (0..<0x500).compactMap(Unicode.Scalar.init).map(String.init).joined()
        for text in [ReportFixtures.nasty, all, ""] {
            let json = JSONText.string(text)
            #expect(try parsed(json) as? String == text)
            #expect(json.text.unicodeScalars.allSatisfy { $0.isASCII && $0 != "<" && $0 != "&" })
        }
    }

    @Test("Numbers keep five digits, and what is no number is null")
    func numbers() {
        #expect(JSONText([1, -2.5, 0.123456, 1e-9, 3e20]).text == "[1,-2.5,0.12346,1e-09,3e+20]")
        #expect(JSONText([nil, .nan, .infinity]).text == "[null,null,null]")
    }

    @Test("Objects keep their order")
    func objects() {
        let value: JSONText = ["z": 1, "a": [true, "b"], "n": .null]
        #expect(value.text == #"{"z":1,"a":[true,"b"],"n":null}"#)
    }
}
