import Testing

@testable import MixupData

@Suite("Work in several threads")
struct ParallelTests {
    @Test("Every item is done once", arguments: [0, 1, 2, 7, 1000])
    func everyItem(_ count: Int) throws {
        var visits = [Int](repeating: 0, count: count)
        try visits.withUnsafeMutableBufferPointer { visits in
            try Parallel.forEach(count) { visits[$0] += 1 }
        }
        #expect(visits == [Int](repeating: 1, count: count))
    }

    private struct Refused: Error, Equatable { let index: Int }

    @Test("Of several errors that of the smallest item is thrown, every time")
    func firstError() {
        for _ in 0..<50 {
            #expect(throws: Refused(index: 313)) {
                try Parallel.forEach(1000) { index in
                    if [998, 999, 313, 314, 700].contains(index) { throw Refused(index: index) }
                }
            }
        }
    }
}
