import Foundation
import LibTorch

/// One state of a training, as a folder:
///
/// - `model.safetensors`: the trained weights, under the names of PyTorch's state_dict, with what the
///   network is (``ModelDescription``);
/// - `average.safetensors`: their moving average, under the same names, where the training keeps one;
///   evaluations use it;
/// - `training.safetensors`: the optimizer's memory and the states of the random streams;
/// - `state.json`: how far the training was;
/// - `SHA1SUMS`: the check sums of these files, in the form that `sha1sum --check` reads.
struct Checkpoint {
    static let modelName = "model.safetensors"
    static let averageName = "average.safetensors"
    static let trainingName = "training.safetensors"
    static let stateName = "state.json"
    static let sumsName = "SHA1SUMS"

    /// The trained weights.
    let model: [String: Tensor]
    /// The averaged weights, where there are any.
    let average: [String: Tensor]?
    let training: [String: Tensor]
    let state: CheckpointState
    /// What the network is; `nil` in a checkpoint of an older version, and of a network that no recipe
    /// describes.
    let description: ModelDescription?

    /// What the run's results were measured with.
    var evaluated: [String: Tensor] { average ?? model }

    /// Writes a training's present state; a reader sees the whole folder or nothing.
    static func write(
        _ trainer: Trainer,
        state: CheckpointState,
        description: ModelDescription? = nil,
        to folder: String
    ) throws {
        func encoded(_ module: any Module, isAverage: Bool = false) throws -> Data {
            guard var description else {
                let tensors = module.stateDictionary().map { ($0.name, $0.tensor) }
                return try Safetensors(tensors: tensors).encoded()
            }
            description.origin.isAverage = isAverage
            return try description.encoded(module)
        }
        let memory = trainer.optimizer.state.map { ("optimizer." + $0.name, $0.tensor) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        var files: [(name: String, data: Data)] = [
            (modelName, try encoded(trainer.model)),
            (
                trainingName,
                try Safetensors(tensors: memory + trainer.resumableStreamState()).encoded()
            ),
            (stateName, try encoder.encode(state) + Data("\n".utf8)),
        ]
        if let average = trainer.average {
            files.append((averageName, try encoded(average, isAverage: true)))
        }
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
        func content(_ name: String) throws -> Safetensors {
            try Safetensors(decoding: verified(name), path: folder + "/" + name)
        }
        let weights = try content(Self.modelName)
        model = weights.dictionary
        description = try ModelDescription(
            metadata: weights.metadata,
            path: folder + "/" + Self.modelName
        )
        average = sums[Self.averageName] == nil ? nil : try content(Self.averageName).dictionary
        training = try content(Self.trainingName).dictionary
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
        if let average = trainer.average {
            guard let saved = self.average else {
                throw TorchError("the averaged weights are not in the checkpoint")
            }
            try average.load(saved)
        }
        for named in trainer.optimizer.state {
            guard let saved = training["optimizer." + named.name] else {
                throw TorchError("the optimizer's '\(named.name)' is not in the checkpoint")
            }
            try named.tensor.copyElements(from: saved)
        }
        try trainer.resume(at: state.position, streams: training)
        trainer.best = state.best
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
        let names = pairs.compactMap { $0.count == 2 ? $0[1] : nil }
        let always: Set = [modelName, trainingName, stateName]
        guard names.count == pairs.count, always.union([averageName]).isSuperset(of: names),
            always.isSubset(of: names)
        else {
            throw CheckpointError.damaged(
                file: folder + "/" + sumsName,
                reason: "it does not list the check sums of the checkpoint's files",
                previous: nil
            )
        }
        return Dictionary(pairs.map { ($0[1], $0[0]) }, uniquingKeysWith: { first, _ in first })
    }
}
