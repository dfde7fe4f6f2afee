import CTrainKernels
import Foundation
import Testing

@Suite("Teams")
struct TeamTests {
    private func together(_ team: Team, _ body: @escaping () -> Void) {
        var body = body
        withUnsafeMutablePointer(to: &body) {
            ctk_team_together(
                team.pointer,
                { $0?.assumingMemoryBound(to: (() -> Void).self).pointee() },
                $0
            )
        }
    }

    /// A loop of several parts: the sums of 64 channels, each of 50 ones.
    private func sums(_ team: Team, _ planes: Planes) -> [Float] {
        var sums = [Float](repeating: .nan, count: planes.channels)
        ctk_channel_sums(team.pointer, &planes.planes, &sums)
        return sums
    }

    private func ones(_ channels: Int) -> Planes {
        let planes = Planes(channels, batch: 50)
        planes.examples = [Float](repeating: 1, count: 50 * channels)
        return planes
    }

    @Test("Threads that stand by do what those do that are called for every loop")
    func together() {
        // The leader does a loop of one part alone.
        let (many, few) = (ones(64), ones(3))
        let expected = [Float](repeating: 50, count: 64)
        for team in Team.all + [Team(threads: 2)].compactMap({ $0 }) {
            var found: [[Float]] = []
            together(team) {
                for _ in 0..<200 {
                    found.append(sums(team, many))
                    found.append(sums(team, few))
                }
            }
            #expect(found.count == 400)
            #expect(found.allSatisfy { $0 == Array(expected.prefix($0.count)) })
            #expect(sums(team, many) == expected)
        }
    }

    @Test("Threads that stand by wait as long as it takes, and within each other")
    func sleep() throws {
        let many = ones(64)
        let team = try #require(Team(threads: 2))
        var found: [[Float]] = []
        together(team) {
            for _ in 0..<3 {
                usleep(20_000)
                found.append(sums(team, many))
            }
            together(team) { found.append(sums(team, many)) }
        }
        together(team) {}
        #expect(found == [[Float]](repeating: [Float](repeating: 50, count: 64), count: 4))
    }
}
