import Foundation
import LibTorch

/// One state of a training, as a folder:
///
/// - `model.safetensors`: the weights, under the names of PyTorch's state_dict;
/// - `training.safetensors`: the optimizer's memory and the states of the random streams;
/// - `state.json`: how far the training was;
/// - `SHA1SUMS`: the check sums of these three, in the form that `sha1sum --check` reads.
struct Checkpoint {
    static let modelName = "model.safetensors"
    static let trainingName = "training.safetensors"
    static let stateName = "state.json"
    static let sumsName = "SHA1SUMS"

    let model: [String: Tensor]
    let training: [String: Tensor]
    let state: CheckpointState

    /// Writes a training's present state; a reader sees the whole folder or nothing.
    static func write(_ trainer: Trainer, state: CheckpointState, to folder: String) throws {
        let weights = trainer.model.stateDictionary().map { ($0.name, $0.tensor) }
        let memory = trainer.optimizer.state.map { ("optimizer." + $0.name, $0.tensor) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let files: [(name: String, data: Data)] = [
            (modelName, try Safetensors(tensors: weights).encoded()),
            (
                trainingName,
                try Safetensors(tensors: memory + trainer.resumableStreamState()).encoded()
            ),
            (stateName, try encoder.encode(state) + Data("\n".utf8)),
        ]
        let sums = try files.map { "\(try LibTorchRuntime.sha1($0.data))  \($0.name)\n" }.joined()
        try AtomicFolder.write(to: folder) { temporary in
            for (name, data) in files + [(sumsName, Data(sums.utf8))] {
                try data.write(to: URL(fileURLWithPath: temporary + "/" + name))
            }
        }
    }

    /// Reads a checkpoint and compares all check sums.
    ///
    /// - Throws: `CheckpointError.damaged`, without a previous one, that names the file.
    init(readingFrom folder: String) throws {
        let sums = try Self.sums(in: folder)
        func verified(_ name: String) throws -> Data {
            let data = try Self.data(name, in: folder)
            guard try LibTorchRuntime.sha1(data) == sums[name] else {
                throw CheckpointError.damaged(
                    file: folder + "/" + name,
                    reason: "its check sum is not the one in \(Self.sumsName)",
                    previous: nil
                )
            }
            return data
        }
        func tensors(_ name: String) throws -> [String: Tensor] {
            try Safetensors(decoding: verified(name), path: folder + "/" + name).dictionary
        }
        model = try tensors(Self.modelName)
        training = try tensors(Self.trainingName)
        let json = try verified(Self.stateName)
        let state = try? JSONDecoder().decode(CheckpointState.self, from: json)
        guard let state, state.format == CheckpointState.currentFormat else {
            throw CheckpointError.mismatch(
                file: folder + "/" + Self.stateName,
                reason: "it was written by another version of manifold-mixup; use that one"
            )
        }
        self.state = state
    }

    /// Puts the state back into a training that was prepared in the same way.
    func restore(_ trainer: Trainer) throws {
        try trainer.model.load(model)
        for named in trainer.optimizer.state {
            guard let saved = training["optimizer." + named.name] else {
                throw TorchError("the optimizer's '\(named.name)' is not in the checkpoint")
            }
            try named.tensor.copyElements(from: saved)
        }
        try trainer.resume(at: state.position, streams: training)
    }

    private static func data(_ name: String, in folder: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
        } catch {
            throw CheckpointError.damaged(
                file: folder + "/" + name,
                reason: "it is missing or cannot be read",
                previous: nil
            )
        }
    }

    private static func sums(in folder: String) throws -> [String: String] {
        let text = String(decoding: try data(sumsName, in: folder), as: UTF8.self)
        let pairs = text.split(separator: "\n").map { $0.components(separatedBy: "  ") }
        guard pairs.count == 3, pairs.allSatisfy({ $0.count == 2 }) else {
            throw CheckpointError.damaged(
                file: folder + "/" + sumsName,
                reason: "it does not list three check sums",
                previous: nil
            )
        }
        return Dictionary(pairs.map { ($0[1], $0[0]) }, uniquingKeysWith: { first, _ in first })
    }
}
