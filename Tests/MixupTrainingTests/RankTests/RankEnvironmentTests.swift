import Foundation
import Testing

@testable import MixupTraining

@Suite("What a rank is told by its environment")
struct RankEnvironmentTests {
    private static let usual = [
        "RANK": "1", "WORLD_SIZE": "3", "MASTER_ADDR": "node-0", "MASTER_PORT": "29500",
    ]

    @Test("Without WORLD_SIZE there are no ranks, whatever else is set")
    func none() throws {
        #expect(try RankEnvironment([:]) == nil)
        #expect(try RankEnvironment(["RANK": "7", "MASTER_ADDR": "x"]) == nil)
    }

    @Test("torchrun's variables are understood, and those of other launchers do")
    func understood() throws {
        let plain = try #require(try RankEnvironment(Self.usual))
        #expect((plain.rank, plain.count, plain.host, plain.port) == (1, 3, "node-0", 29500))
        #expect(!plain.hasStore && !plain.mayRestart && plain.restartCount == 0)
        #expect((plain.localRank, plain.localCount) == (1, 3))
        let torchrun = try #require(
            try RankEnvironment(
                Self.usual.merging([
                    "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
                    "TORCHELASTIC_MAX_RESTARTS": "3", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2",
                ]) { $1 }
            )
        )
        #expect(torchrun.hasStore && torchrun.mayRestart && torchrun.restartCount == 2)
        #expect((torchrun.localRank, torchrun.localCount) == (0, 2))
    }

    @Test(
        "What is missing or impossible is named",
        arguments: [
            ("WORLD_SIZE", "0"), ("WORLD_SIZE", "two"), ("RANK", "3"), ("RANK", "-1"), ("RANK", ""),
            ("MASTER_PORT", "70000"), ("MASTER_PORT", ""), ("MASTER_ADDR", ""),
        ]
    )
    func refused(name: String, value: String) throws {
        for value in [value, nil] where !(name == "WORLD_SIZE" && value == nil) {
            var environment = Self.usual
            environment[name] = value
            let error = #expect(throws: TrainingError.self) { try RankEnvironment(environment) }
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test(
        "A place on the machine that cannot be is named",
        arguments: [
            ("LOCAL_WORLD_SIZE", "4"), ("LOCAL_WORLD_SIZE", "0"), ("LOCAL_RANK", "3"),
            ("LOCAL_RANK", "first"),
        ]
    )
    func refusedPlace(name: String, value: String) throws {
        let environment = Self.usual.merging([name: value]) { $1 }
        let error = #expect(throws: TrainingError.self) { try RankEnvironment(environment) }
        #expect(error?.description.contains(name) == true)
    }

    @Test("A rank that fails writes why to where torchrun looks for it")
    func errorFile() throws {
        let folder = try ScratchFolder()
        let path = folder.path("error.json")
        let environment = try RankEnvironment(
            Self.usual.merging(["TORCHELASTIC_ERROR_FILE": path]) { $1 }
        )
        environment?.report(failure: "rank 1: a \"reason\"")
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let json = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
        #expect(json?["message"]?["message"] as? String == "rank 1: a \"reason\"")
        #expect((json?["message"]?["extraInfo"] as? [String: String])?["timestamp"] != nil)
    }
}
