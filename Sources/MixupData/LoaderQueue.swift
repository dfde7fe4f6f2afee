import Foundation

/// The minibatches between the threads that make them and the one that takes them.
///
/// Every stored variable is read and written under the lock of `condition`, hence the unchecked
/// promise.
final class LoaderQueue: @unchecked Sendable {
    private let plan: MinibatchPlan
    private let ahead: Int
    private let condition = NSCondition()
    /// The minibatches that were made and not taken yet.
    private var made: [Int: Result<Minibatch, any Error>] = [:]
    /// The next minibatch that nobody has begun to make.
    private var unclaimed: Int
    /// The next minibatch to take.
    private var wanted: Int
    private var running = 0
    private var isStopped = false

    init(_ plan: MinibatchPlan, first: Int, ahead: Int) {
        self.plan = plan
        self.ahead = ahead
        unclaimed = first
        wanted = first
    }

    /// The number of the next minibatch to take.
    var nextNumber: Int { condition.withLock { wanted } }

    /// The number of minibatches that wait to be taken.
    var madeCount: Int { condition.withLock { made.count } }

    /// The number of threads that work.
    var workerCount: Int { condition.withLock { running } }

    /// Makes one minibatch after the other until there are none left or the queue is stopped.
    func work() {
        condition.withLock { running += 1 }
        while let number = claim() {
            let result = Result { try plan.minibatch(number).normalised }
            condition.withLock {
                if !isStopped { made[number] = result }
                condition.broadcast()
            }
        }
        condition.withLock {
            running -= 1
            condition.broadcast()
        }
    }

    /// A minibatch for a worker to make; waits while enough are there, and is `nil` at the end.
    private func claim() -> Int? {
        condition.withLock {
            while !isStopped, unclaimed < plan.count, unclaimed - wanted >= ahead {
                condition.wait()
            }
            guard !isStopped, unclaimed < plan.count else { return nil }
            unclaimed += 1
            return unclaimed - 1
        }
    }

    /// The next minibatch, or `nil` at the end.
    ///
    /// Where no worker has begun it, the caller makes it: without workers that is each one.
    func take() -> Result<Minibatch, any Error>? {
        let (number, ready) = condition.withLock { () -> (Int?, Result<Minibatch, any Error>?) in
            guard !isStopped, wanted < plan.count else { return (nil, nil) }
            let number = wanted
            wanted += 1
            guard unclaimed > number else {
                unclaimed += 1
                return (number, nil)
            }
            while made[number] == nil, !isStopped { condition.wait() }
            let result = made.removeValue(forKey: number)
            condition.broadcast()
            return (result == nil ? nil : number, result)
        }
        guard let number else { return nil }
        return ready ?? Result { try plan.minibatch(number) }
    }

    /// Lets the workers end, and waits until those that have begun are gone.
    ///
    /// One that begins later finds the queue stopped.
    func stop() {
        condition.withLock {
            isStopped = true
            made.removeAll()
            condition.broadcast()
            while running > 0 { condition.wait() }
        }
    }
}
