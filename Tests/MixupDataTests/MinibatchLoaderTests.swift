import Foundation
import Synchronization
import Testing

@testable import MixupData

@Suite("Loader of minibatches", .timeLimit(.minutes(1)))
struct MinibatchLoaderTests {
    private func plan(
        examples: [Int] = Array((0..<53).reversed()),
        batchSize: Int = 4
    ) throws -> MinibatchPlan {
        let dataset = try Dataset(
            name: "images",
            shape: [1, 6, 6],
            classNames: ["a", "b"],
            labels: (0..<53).map { $0 % 2 },
            features: .bytes((0..<53 * 36).map { UInt8(truncatingIfNeeded: $0) }),
            normalization: Normalization(scale: 255)
        )
        return try MinibatchPlan(
            dataset,
            examples: examples,
            partners: examples.reversed(),
            batchSize: batchSize,
            augmentation: EpochAugmentation(
                Augmentation(flip: true, cropPadding: 2, cutout: 2),
                key: 3,
                epoch: 1
            )
        )
    }

    /// All that a loader hands out from now on.
    private func rest(of loader: MinibatchLoader) throws -> [Minibatch] {
        var batches: [Minibatch] = []
        while let batch = try loader.next() { batches.append(batch) }
        return batches
    }

    @Test(
        "The bytes and their order are the same for any number of workers",
        arguments: [0, 1, 2, 5]
    )
    func workers(_ count: Int) throws {
        let plan = try plan()
        let expected = try (0..<plan.count).map { try plan.minibatch($0) }
        for first in [0, 1, 7, 13] {
            let loader = MinibatchLoader(plan, from: first, workers: count)
            #expect(loader.nextNumber == first)
            let batches = try rest(of: loader)
            #expect(batches.map(\.features) == expected.dropFirst(first).map(\.features))
            #expect(batches.map(\.labels) == expected.dropFirst(first).map(\.labels))
            #expect(batches.map(\.shape) == expected.dropFirst(first).map(\.shape))
            #expect(loader.nextNumber == plan.count)
            #expect(try rest(of: loader).isEmpty)
        }
        #expect(try rest(of: MinibatchLoader(plan, from: 14, workers: count)).isEmpty)
    }

    @Test("A taker who is slow, and one who is quick, get the same", arguments: [1, 3])
    func pace(_ count: Int) throws {
        let plan = try plan()
        let loader = MinibatchLoader(plan, workers: count, ahead: 1)
        for number in 0..<plan.count {
            if number.isMultiple(of: 3) { Thread.sleep(forTimeInterval: 0.002) }
            let batch = try loader.next()
            #expect(try batch?.features == plan.minibatch(number).features)
        }
    }

    @Test("No more is made ahead than is asked for")
    func bounded() throws {
        let plan = try plan(batchSize: 1)
        let queue = LoaderQueue(plan, first: 0, ahead: 3)
        let thread = Thread { queue.work() }
        thread.start()
        while queue.madeCount < 3 { Thread.sleep(forTimeInterval: 0.001) }
        Thread.sleep(forTimeInterval: 0.05)
        #expect(queue.madeCount == 3)
        _ = queue.take()
        while queue.madeCount < 3 { Thread.sleep(forTimeInterval: 0.001) }
        Thread.sleep(forTimeInterval: 0.02)
        #expect(queue.madeCount == 3)
        queue.stop()
        #expect(queue.workerCount == 0)
    }

    @Test(
        "An error is thrown at its own minibatch, and the next one is whole",
        arguments: [0, 1, 2, 5]
    )
    func errors(_ count: Int) throws {
        // Example 53 is not there; it lies in the third of five minibatches, its partner too.
        let plan = try plan(examples: [0, 1, 2, 3, 53, 5, 6, 7, 8], batchSize: 2)
        let loader = MinibatchLoader(plan, workers: count)
        for number in 0..<plan.count {
            if number == 2 {
                #expect(throws: DataError.indexOutOfRange(dataset: "images", index: 53, count: 53))
                {
                    try loader.next()
                }
            } else {
                let batch = try loader.next()
                #expect(try batch?.features == plan.minibatch(number).features)
            }
        }
        #expect(try rest(of: loader).isEmpty)
    }

    @Test("A loader that is stopped or dropped anywhere leaves no thread and hands out no more")
    func stopping() throws {
        let plan = try plan(batchSize: 1)
        for taken in [0, 1, 5, 52, 53] {
            for workers in [0, 1, 4] {
                let queue = LoaderQueue(plan, first: 0, ahead: 4)
                let done = Mutex(0)
                for _ in 0..<workers {
                    Thread.detachNewThread {
                        queue.work()
                        done.withLock { $0 += 1 }
                    }
                }
                for _ in 0..<taken { _ = queue.take() }
                queue.stop()
                #expect(queue.workerCount == 0)
                #expect(queue.take().map { _ in 0 } == nil)
                // Those that began only after the stop end, too.
                while done.withLock({ $0 }) < workers { Thread.sleep(forTimeInterval: 0.001) }

                var loader: MinibatchLoader? = MinibatchLoader(plan, workers: workers)
                for _ in 0..<taken { _ = try loader?.next() }
                if taken == 5 { loader?.stop() }
                loader = nil
            }
        }
    }

    @Test("Many loaders come and go without a deadlock")
    func manyLoaders() throws {
        let plan = try plan()
        for round in 0..<300 {
            let loader = MinibatchLoader(plan, workers: round % 4, ahead: 1 + round % 3)
            for _ in 0..<round % 15 { _ = try loader.next() }
        }
    }
}
