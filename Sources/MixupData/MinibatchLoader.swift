import Foundation

/// Makes the minibatches of a plan before they are asked for, in threads of its own, and hands them
/// out in their order.
///
/// What comes out does not depend on the number of threads. The loader belongs to the one thread that
/// asks; it ends its own threads when it is stopped, or when nobody holds it any more.
public final class MinibatchLoader {
    private let queue: LoaderQueue

    /// Starts making minibatches.
    ///
    /// - Parameters:
    ///   - plan: the minibatches.
    ///   - first: the number of the first one to hand out.
    ///   - workers: the number of threads; with 0, each minibatch is made when it is asked for.
    ///   - ahead: the number of minibatches that may be made and not yet asked for; at least one a
    ///     thread is.
    public init(_ plan: MinibatchPlan, from first: Int = 0, workers: Int = 1, ahead: Int = 4) {
        // The first one is made by who asks, so that a single minibatch needs no thread.
        let threads = max(min(workers, plan.count - first - 1), 0)
        let queue = LoaderQueue(plan, first: max(first, 0), ahead: max(ahead, threads))
        self.queue = queue
        for number in 0..<threads {
            let thread = Thread { queue.work() }
            thread.name = "minibatches \(number)"
            thread.start()
        }
    }

    deinit { stop() }

    /// The number of the minibatch that is handed out next.
    public var nextNumber: Int { queue.nextNumber }

    /// The next minibatch, or `nil` after the last one and once the loader was stopped.
    ///
    /// - Throws: what ``MinibatchPlan/minibatch(_:)`` throws for this minibatch. The next call is
    ///   about the next one.
    public func next() throws -> Minibatch? {
        try queue.take()?.get()
    }

    /// Ends the threads and returns when they no longer work.
    public func stop() {
        queue.stop()
    }
}
