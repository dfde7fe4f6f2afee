import Foundation
import LibTorch
import TestRanks
import Testing

@Suite(
    "Process groups",
    .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)")
)
struct ProcessGroupTests {
    @Test("Gradients and values become their weighted sums, whatever their types and layouts")
    func average() throws {
        let weights = [0.5, 0.3, 0.2]
        let results = try inRanks(3) { group in
            let own = Double(group.rank + 1)
            let matrix = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).requiringGradient()
            try (matrix * own).sum().backward()
            let filters = try Tensor((0..<36).map(Float.init), shape: [2, 2, 3, 3])
                .requiringGradient()
            try Parameters([filters]).useChannelsLast()
            let factors = try Tensor((0..<36).map(Float.init), shape: [2, 2, 3, 3])
            try (filters * factors * own).sum().backward()
            let unused = try Tensor([1.0]).requiringGradient()
            let doubles = try Tensor([own, -own])
            try group.average(
                gradientsOf: [matrix, unused, filters],
                and: [doubles],
                weight: weights[group.rank]
            )
            #expect(try unused.gradient == nil)
            return try [matrix.gradient?.doubles, filters.gradient?.doubles, doubles.doubles]
        }
        let mean = zip(weights, 1...3).reduce(0) { $0 + $1.0 * Double($1.1) }
        for result in results {
            #expect(largestDifference(result[0] ?? [], [mean, mean, mean, mean]) < 1e-6)
            #expect(largestDifference(result[1] ?? [], (0..<36).map { mean * Double($0) }) < 1e-4)
            #expect(largestDifference(result[2] ?? [], [mean, -mean]) < 1e-15)
        }
        #expect(results[0] == results[1])
        #expect(results[1] == results[2])
    }

    @Test("Tensors of more than one message arrive whole")
    func largeTensors() throws {
        let results = try inRanks(2) { group in
            let tensors = try [5_000_000, 3, 5_000_000].map { count in
                try Tensor.full([count], Double(group.rank + count % 7))
            }
            try group.average(and: tensors, weight: 0.5)
            return try tensors.map { tensor in
                let values: [Float] = try tensor.scalars()
                return values.allSatisfy { $0 == values[0] } ? values[0] : .nan
            }
        }
        let expected = [5_000_000, 3, 5_000_000].map { Float($0 % 7) + 0.5 }
        #expect(results == [expected, expected])
    }

    @Test("A broadcast brings the root's bytes, of every type and layout")
    func broadcast() throws {
        let results = try inRanks(3) { group in
            let rank = Double(group.rank)
            let tensors = try [DType.uint8, .int64, .float32, .float64].map {
                try Tensor.full([3], rank + 1, dtype: $0)
            }
            let images = try Tensor((0..<16).map { rank * 100 + Double($0) }, shape: [1, 4, 2, 2])
            try Parameters([images]).useChannelsLast()
            let parameter = try Tensor([rank]).requiringGradient()
            let empty = try Tensor.zeros([0])
            try group.broadcast(tensors + [images, parameter, empty], from: 1)
            return try (tensors + [images, parameter]).map { try $0.doubles }
        }
        let expected =
            [[Double]](repeating: [2, 2, 2], count: 4) + [(0..<16).map { 100 + Double($0) }, [1]]
        #expect(results == [expected, expected, expected])
    }

    @Test("The sum over ranks has the gradient of all ranks' losses together")
    func sum() throws {
        let results = try inRanks(2) { group in
            let value = try Tensor([Double(group.rank + 1), 3]).requiringGradient()
            let sum = try group.sum(of: value)
            // The loss of rank r is (r + 1) · Σ sum².
            try (sum * sum * Double(group.rank + 1)).sum().backward()
            return try [sum.doubles, value.gradient?.doubles ?? []]
        }
        // The losses together are 3 · Σ sum², and the sums are 3 and 6.
        #expect(results == [[[3, 6], [18, 36]], [[3, 6], [18, 36]]])
    }

    @Test("A process alone leaves everything as it is")
    func alone() throws {
        let group = ProcessGroup()
        #expect((group.rank, group.count) == (0, 1))
        let value = try Tensor([1.0, 2]).requiringGradient()
        try (value * 3).sum().backward()
        try group.average(gradientsOf: [value], and: [value], weight: 1)
        try group.broadcast([value])
        try group.barrier()
        #expect(try group.sum(of: value).doubles == [1, 2])
        #expect(try value.gradient?.doubles == [3, 3])
    }

    @Test("A rank that does not come is named once the time is over")
    func missingRank() throws {
        let store = try RendezvousStore(isLocal: true)
        let start = ContinuousClock.now
        let message = refusal {
            try ProcessGroup(
                rank: 1,
                count: 4,
                host: "127.0.0.1",
                port: store.port,
                timeout: .seconds(1)
            )
        }
        #expect(
            message.hasPrefix(
                "waited 1 s at 127.0.0.1:\(store.port) for ranks 0, 2, 3 of 4, which did not come"
            )
        )
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test("An address at which nobody answers, or that does not exist, is named")
    func wrongAddress() throws {
        let port = try RendezvousStore(isLocal: true).port
        func join(_ host: String) -> String {
            refusal {
                try ProcessGroup(
                    rank: 1,
                    count: 2,
                    host: host,
                    port: port,
                    timeout: .seconds(1)
                )
            }
        }
        // The store is gone, so nobody listens there.
        #expect(join("127.0.0.1").hasPrefix("waited 1 s for rank 0 at 127.0.0.1:\(port), where "))
        #expect(join("host.invalid").hasPrefix("the address 'host.invalid' cannot be resolved"))
    }

    @Test("A port in use, a number that two processes have, and an impossible one are refused")
    func contradictions() throws {
        let store = try RendezvousStore()
        let message = refusal { try RendezvousStore(port: store.port, timeout: .seconds(1)) }
        #expect(message.hasPrefix("the port \(store.port) of this machine is in use"))
        func join(_ rank: Int) throws -> ProcessGroup {
            try ProcessGroup(
                rank: rank,
                count: 2,
                host: "127.0.0.1",
                port: store.port,
                timeout: .milliseconds(200)
            )
        }
        _ = refusal { try join(1) }
        #expect(refusal { try join(1) }.hasPrefix("another process is rank 1 at 127.0.0.1"))
        #expect(refusal { try join(2) } == "rank 2 is not one of 2")
    }

    @Test("A rank that leaves is noticed at once, one that keeps silent when the time is over")
    func lostRank() throws {
        for (isGone, expected) in [
            (true, "another rank has ended or cannot be reached any more"),
            (false, "waited 2 s for another rank, which did not take part in this step"),
        ] {
            let start = ContinuousClock.now
            let results = try inRanksResults(2, timeout: .seconds(2)) { group in
                try group.barrier()
                if group.rank == 1 {
                    if !isGone { Thread.sleep(forTimeInterval: 3) }
                    return
                }
                try group.average(and: [Tensor([1.0])], weight: 1)
            }
            let message = refusal { try results[0].get() }
            #expect(message.hasPrefix(expected), "\(message)")
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }
}
