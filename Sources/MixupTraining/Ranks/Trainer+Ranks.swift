import Foundation
import LibTorch
import MixupData

extension Trainer {
    /// What of a training's state is not tensors.
    private struct Header: Codable {
        let position: TrainingPosition
        let best: BestEpoch?
        let exampleCount: Int
        let threadCount: Int
    }

    /// Gives all ranks the state of rank 0: weights, the optimizer's memory, random streams, position,
    /// and the number of threads, on which the last bits depend.
    ///
    /// So only rank 0 has to read a checkpoint, and it does not matter whether other processors draw
    /// the same first weights.
    ///
    /// - Throws: `TrainingError` if another rank has loaded another number of examples.
    func shareState() throws {
        guard ranks.count > 1 else { return }
        let own = Header(
            position: position,
            best: best,
            exampleCount: data.train.count,
            threadCount: LibTorchRuntime.threadCount
        )
        let header = try JSONDecoder().decode(
            Header.self,
            from: ranks.shared(JSONEncoder().encode(own))
        )
        guard header.exampleCount == data.train.count else {
            throw TrainingError.impossible(
                "rank \(ranks.rank) has \(data.train.count) training examples, but rank 0 has "
                    + "\(header.exampleCount); give all ranks the same data"
            )
        }
        let modules = model.stateDictionary() + (average?.stateDictionary() ?? [])
        try ranks.group.broadcast((modules + optimizer.state).map(\.tensor))
        let states = try resumableStreamState()
        try ranks.group.broadcast(states.map(\.tensor))
        guard ranks.rank > 0 else { return }
        try LibTorchRuntime.setThreadCount(header.threadCount)
        let named = Dictionary(states.map { ($0.name, $0.tensor) }) { first, _ in first }
        try resume(at: header.position, streams: named)
        best = header.best
    }
}
