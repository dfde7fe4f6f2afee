import Foundation
import LibTorch
import ManifoldMixup

/// The processes that train one model together, and this one's place among them.
///
/// Every rank holds the whole model and computes the gradients of its own part of every minibatch. Their
/// mean over all examples is what each steps by, so that weights stay equal. The ranks draw the same k and
/// λ; rows are mixed with rows of the same rank. The running statistics of batch normalisation are the
/// mean over the ranks. A single process is one rank, which has nobody to wait for.
public final class Ranks {
    /// What the ranks talk through.
    public let group: ProcessGroup
    private let store: RendezvousStore?
    private var wishesToStop = false
    private var isStopAgreed = false

    /// Ranks that have met, or one alone.
    ///
    /// - Parameters:
    ///   - group: what they talk through.
    ///   - store: where they met, if this process keeps it.
    public init(_ group: ProcessGroup = ProcessGroup(), store: RendezvousStore? = nil) {
        self.group = group
        self.store = store
    }

    /// This process's number, from 0.
    public var rank: Int { group.rank }
    /// The number of processes.
    public var count: Int { group.count }

    /// Replaces the gradients of all ranks by their mean over the examples, the running statistics
    /// likewise, and returns the mean of the losses.
    ///
    /// - Parameters:
    ///   - model: what is trained, with the gradients of this rank.
    ///   - loss: the mean over this rank's examples.
    ///   - weight: this rank's share of the examples.
    func average(_ model: any Classifier, loss: Double, weight: Double) throws -> Double {
        guard count > 1 else { return loss }
        let state = model.stateDictionary()
        let parameters = state.filter { $0.role == .parameter }.map(\.tensor)
        let statistics = try state.filter { $0.role == .buffer }.map(\.tensor).filter {
            try [.float32, .float64].contains($0.dtype)
        }
        // What else the ranks have to tell each other travels with the gradients.
        let others = try Tensor([loss, wishesToStop ? 1 : 0])
        try group.average(gradientsOf: parameters, and: statistics + [others], weight: weight)
        let values: [Double] = try others.scalars()
        isStopAgreed = values[1] > 0
        return values[0]
    }

    /// Whether this rank stops now, given that it would like to, or not.
    ///
    /// All ranks stop after the same step. A rank's wish reaches the others with the gradients of the
    /// next step, so this is one step later than a process alone would stop.
    func agree(toStop wish: Bool) -> Bool {
        guard count > 1 else { return wish }
        wishesToStop = wishesToStop || wish
        return isStopAgreed
    }

    /// The sums of numbers over all ranks.
    func sums(_ values: [Double]) throws -> [Double] {
        guard count > 1 else { return values }
        let tensor = try Tensor(values)
        try group.average(and: [tensor], weight: 1)
        return try tensor.scalars()
    }

    /// This rank's share of things that are numbered from 0.
    func share(of total: Int) -> Range<Int> {
        total * rank / count..<total * (rank + 1) / count
    }

    /// What rank 0 has; the others' argument does not matter.
    func shared(_ data: Data) throws -> Data {
        guard count > 1 else { return data }
        let length = try Tensor([Int64(data.count)])
        try group.broadcast([length])
        let size = Int(try length.item())
        let bytes = try Tensor(rank == 0 ? [UInt8](data) : [UInt8](repeating: 0, count: size))
        try group.broadcast([bytes])
        return Data(try bytes.scalars(as: UInt8.self))
    }
}
