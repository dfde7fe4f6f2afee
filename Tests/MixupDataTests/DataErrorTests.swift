import Foundation
import MixupData
import Testing

@Suite("Messages")
struct DataErrorTests {
    static let errors: [DataError] = [
        .invalidDataset(name: "n\nn", reason: "r"),
        .invalidNormalization(dataset: "n\r\nn", reason: "r"),
        .indexOutOfRange(dataset: "n\u{2028}n", index: 9, count: 3),
        .emptyMinibatch(dataset: "n\u{85}n"),
        .mismatchedSplits(train: "a\nb", test: "c\nd", reason: "r"),
        .invalidSplit(reason: "r\nr"),
        .unreadableFile(path: "a\u{0}b\nc", reason: "r"),
        .invalidFile(path: "a\tb\nc", reason: "r"),
        .notFound(dataset: "n", tried: ["a\nb", "c"], cure: "r"),
        .unknownSource(reason: "r\u{2029}r"),
    ]

    @Test(
        "Every message is one line, even where a path or a cell holds a line break",
        arguments: errors
    )
    func isOneLine(_ error: DataError) {
        #expect(!error.description.isEmpty)
        #expect(error.description.allSatisfy { !$0.isNewline })
        #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(error.localizedDescription == error.description)
    }

    @Test("The message of a wrong index names the data set and the indices there are")
    func index() {
        let error = DataError.indexOutOfRange(dataset: "mnist test", index: 10_000, count: 10_000)
        #expect(error.description.contains("mnist test"))
        #expect(error.description.contains("0 to 9999"))
    }
}
