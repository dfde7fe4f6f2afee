import Foundation
import LibTorch

/// What the program that starts the ranks tells each of them through its environment, with the names that
/// torchrun gives it.
public struct RankEnvironment: Sendable, Equatable {
    /// This process's number, from 0 (`RANK`).
    public let rank: Int
    /// The number of processes (`WORLD_SIZE`).
    public let count: Int
    /// This process's number among those of its machine, from 0 (`LOCAL_RANK`).
    public let localRank: Int
    /// The number of processes on this machine (`LOCAL_WORLD_SIZE`).
    public let localCount: Int
    /// The machine on which they meet (`MASTER_ADDR`).
    public let host: String
    /// The port at which they meet (`MASTER_PORT`).
    public let port: UInt16
    /// Whether whoever started the ranks keeps the store in which they meet, rather than rank 0
    /// (`TORCHELASTIC_USE_AGENT_STORE`).
    public let hasStore: Bool
    /// How often the ranks have been started again (`TORCHELASTIC_RESTART_COUNT`).
    public let restartCount: Int
    /// Whether they are started again if one of them fails (`TORCHELASTIC_MAX_RESTARTS`).
    public let mayRestart: Bool
    /// Where a rank writes why it failed (`TORCHELASTIC_ERROR_FILE`).
    public let errorFile: String?

    /// Reads the environment; `nil` where nothing says that there are ranks.
    ///
    /// - Throws: `TrainingError` for an environment that says so, but not all that is needed.
    public init?(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(TrainingError) {
        guard environment["WORLD_SIZE"] != nil else { return nil }
        func number(_ name: String, in range: ClosedRange<Int>) throws(TrainingError) -> Int {
            guard let number = environment[name].flatMap({ Int($0) }), range.contains(number) else {
                let found = environment[name].map { "'\($0)'" } ?? "nothing"
                throw .impossible(
                    "WORLD_SIZE says that there are ranks, and \(name) must be a number from "
                        + "\(range.lowerBound) to \(range.upperBound), not \(found); start the ranks "
                        + "by torchrun or --processes, or unset WORLD_SIZE"
                )
            }
            return number
        }
        count = try number("WORLD_SIZE", in: 1...1_000_000)
        rank = try number("RANK", in: 0...count - 1)
        // Whoever does not say it is taken to have all processes on one machine.
        localCount =
            environment["LOCAL_WORLD_SIZE"] == nil
            ? count : try number("LOCAL_WORLD_SIZE", in: 1...count)
        localRank =
            environment["LOCAL_RANK"] == nil
            ? rank : try number("LOCAL_RANK", in: 0...localCount - 1)
        port = UInt16(try number("MASTER_PORT", in: 1...65_535))
        guard let host = environment["MASTER_ADDR"], !host.isEmpty else {
            throw .impossible(
                "WORLD_SIZE says that there are ranks, but MASTER_ADDR does not say where they meet"
            )
        }
        self.host = host
        hasStore = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        restartCount = environment["TORCHELASTIC_RESTART_COUNT"].flatMap { Int($0) } ?? 0
        mayRestart = environment["TORCHELASTIC_MAX_RESTARTS"].flatMap { Int($0) } ?? 0 > 0
        errorFile = environment["TORCHELASTIC_ERROR_FILE"]
    }

    /// Meets the other ranks.
    ///
    /// - Parameter timeout: how long to wait for them, and later for each of their answers.
    /// - Throws: `TorchError` that says who did not come, or what stands in the way.
    public func join(timeout: Duration) throws -> Ranks {
        guard count > 1 else { return Ranks() }
        let store =
            rank == 0 && !hasStore ? try RendezvousStore(port: port, timeout: timeout) : nil
        let group = try ProcessGroup(
            rank: rank,
            count: count,
            host: host,
            port: port,
            session: "\(restartCount)",
            timeout: timeout
        )
        return Ranks(group, store: store)
    }

    /// Writes why this rank fails to where torchrun looks for it, if it does.
    public func report(failure: String) {
        struct Report: Encodable {
            struct Message: Encodable {
                let message: String
                let extraInfo: [String: String]
            }
            let message: Message
        }
        guard let errorFile else { return }
        let time = ["timestamp": "\(Int(Date().timeIntervalSince1970))"]
        let report = Report(message: Report.Message(message: failure, extraInfo: time))
        try? AtomicFile.write(try JSONEncoder().encode(report), to: errorFile)
    }
}
