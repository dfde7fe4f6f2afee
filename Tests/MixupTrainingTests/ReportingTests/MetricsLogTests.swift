import Foundation
import Testing

@testable import MixupTraining

private struct Row: MetricsRow, Codable, Equatable {
    var step: Int
    var loss: Double?
    var note = "a/b"
}

@Suite("The log of figures")
struct MetricsLogTests {
    private func rows(_ text: String) throws -> [Row] {
        try text.split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
    }

    @Test("Each row is one line, in the file as soon as it is added")
    func append() throws {
        let folder = try ScratchFolder()
        let log = try MetricsLog(path: folder.path("m.jsonl"))
        var expected: [Row] = []
        for step in 1...5 {
            let row = Row(step: step, loss: 1 / Double(step), note: "two\nlines")
            try log.append(row)
            expected.append(row)
            #expect(try rows(folder.text("m.jsonl")) == expected)
        }
        #expect(try folder.text("m.jsonl").split(separator: "\n").count == 5)
        // Opening again adds to the end.
        try MetricsLog(path: folder.path("m.jsonl")).append(Row(step: 6, loss: nil))
        #expect(try rows(folder.text("m.jsonl")).map(\.step) == [1, 2, 3, 4, 5, 6])
    }

    @Test("A number that JSON cannot hold is null")
    func notFinite() throws {
        struct Figures: MetricsRow {
            let step = 1
            let figures: [Double] = [.nan, .infinity, -.infinity, 0.5]
            let single = Float.nan
        }
        let folder = try ScratchFolder()
        try MetricsLog(path: folder.path("m.jsonl")).append(Figures())
        let text = #"{"figures":[null,null,null,0.5],"single":null,"step":1}"# + "\n"
        #expect(try folder.text("m.jsonl") == text)
    }

    @Test("Rows of later steps are dropped, earlier ones are untouched")
    func truncate() throws {
        let folder = try ScratchFolder()
        let path = folder.path("m.jsonl")
        let log = try MetricsLog(path: path)
        for step in [10, 20, 20, 30, 40] { try log.append(Row(step: step, loss: 0.1)) }
        let whole = try folder.text("m.jsonl")
        try MetricsLog.truncate(path, afterStep: 40)
        #expect(try folder.text("m.jsonl") == whole)
        try MetricsLog.truncate(path, afterStep: 20)
        #expect(try rows(folder.text("m.jsonl")).map(\.step) == [10, 20, 20])
        #expect(try whole.hasPrefix(folder.text("m.jsonl")))
        try MetricsLog.truncate(path, afterStep: 0)
        #expect(try folder.text("m.jsonl").isEmpty)
        #expect(try folder.names() == ["m.jsonl"])
    }

    @Test("A log that was cut off anywhere keeps its whole rows and goes on from there")
    func halfWritten() throws {
        let folder = try ScratchFolder()
        let path = folder.path("m.jsonl")
        let log = try MetricsLog(path: path)
        for step in 1...3 { try log.append(Row(step: step, loss: 0.25)) }
        let whole = Data(try folder.text("m.jsonl").utf8)
        for length in 0...whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            try MetricsLog.truncate(path, afterStep: 99)
            try MetricsLog(path: path).append(Row(step: 100, loss: nil))
            let steps = try rows(folder.text("m.jsonl")).map(\.step)
            #expect(steps.last == 100)
            #expect(Array([1, 2, 3].prefix(steps.count - 1)) == steps.dropLast())
            let complete = whole.prefix(length).count { $0 == UInt8(ascii: "\n") }
            #expect(steps.count - 1 >= complete)
        }
    }

    @Test("A line in the middle that is no row is refused with its number")
    func foreignLine() throws {
        let folder = try ScratchFolder()
        let path = folder.path("m.jsonl")
        let text = "{\"step\":1}\nrubbish\n{\"step\":2}\n"
        try folder.write(text, "m.jsonl")
        #expect(throws: MetricsLogError(path: path, line: 2)) {
            try MetricsLog.truncate(path, afterStep: 5)
        }
        #expect(try folder.text("m.jsonl") == text)
    }

    @Test("A log that does not exist stays so, and one that cannot be opened is an error")
    func missing() throws {
        let folder = try ScratchFolder()
        try MetricsLog.truncate(folder.path("m.jsonl"), afterStep: 5)
        #expect(try folder.names() == [])
        #expect(throws: FileError.self) { try MetricsLog(path: folder.path) }
    }

    @Test("A full disk is an error")
    func fullDisk() throws {
        let log = try MetricsLog(path: "/dev/full")
        #expect(throws: FileError.self) { try log.append(Row(step: 1, loss: 1)) }
    }
}
