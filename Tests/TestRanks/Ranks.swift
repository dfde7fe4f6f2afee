import Foundation
import LibTorch
import Synchronization

/// Runs `body` in as many threads as there are ranks, each with its place in one group, and returns what
/// they return, in the order of the ranks; throws what the first of them that failed threw.
public func inRanks<Value: Sendable>(
    _ count: Int,
    timeout: Duration = .seconds(60),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Value] {
    try inRanksResults(count, timeout: timeout, body).map { try $0.get() }
}

/// As ``inRanks(_:timeout:_:)``, with the failures.
public func inRanksResults<Value: Sendable>(
    _ count: Int,
    timeout: Duration = .seconds(60),
    _ body: @escaping @Sendable (ProcessGroup) throws -> Value
) throws -> [Result<Value, any Error>] {
    let store = try RendezvousStore(isLocal: true)
    let port = store.port
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<count {
        group.enter()
        let thread = Thread {
            let result = Result {
                try body(
                    ProcessGroup(
                        rank: rank,
                        count: count,
                        host: "127.0.0.1",
                        port: port,
                        timeout: timeout
                    )
                )
            }
            results.withLock { $0[rank] = result }
            group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }
    group.wait()
    return withExtendedLifetime(store) {
        results.withLock { results in (0..<count).compactMap { results[$0] } }
    }
}
