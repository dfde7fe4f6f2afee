import Foundation
import Glibc
import LibTorch
import ManifoldMixup
import MixupData

/// A trained network that was read back without its data: from a run, from one of its checkpoints, or from
/// an exported file.
public struct SavedModel {
    /// Which of a checkpoint's weights are meant.
    public enum Weights: String, Sendable, CaseIterable {
        /// Their moving average where the run keeps one: what its evaluations use.
        case evaluated
        /// Those that were trained.
        case trained
        /// Their moving average.
        case averaged
    }

    /// The file with the weights.
    public let file: WeightsFile
    /// What it says of the network.
    public let description: ModelDescription
    /// The run that the weights are from, where it is at hand.
    public let runPath: String?

    /// Reads the weights of a run, of a checkpoint or of an exported file.
    ///
    /// - Parameters:
    ///   - path: a run's folder, one of its `checkpoints/…`, or a safetensors file.
    ///   - name: of a run's folder, "last", "best", "epoch-10", …; the last if it is `nil`.
    ///   - weights: which of a checkpoint's weights.
    /// - Throws: `WeightsError`, `CheckpointError`, `RunDirectoryError`, or `TorchError`.
    public init(
        path: String,
        checkpoint name: String? = nil,
        weights: Weights = .evaluated
    ) throws {
        let path = FilePath.trimmed(path)
        let isFolder = FilePath.kind(of: path) == S_IFDIR
        let isCheckpoint = FilePath.kind(of: FilePath.join(path, Checkpoint.stateName)) != nil
        if let name, !isFolder || isCheckpoint {
            throw TrainingError.impossible(
                "\(path) is not a run's folder, so that it has no checkpoint '\(name)'; leave the name "
                    + "out"
            )
        }
        if !isFolder {
            try self.init(file: path, weights: weights)
        } else if isCheckpoint {
            // A link, such as `last`, is followed first: the run lies above what it points at.
            let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let run = FilePath.parent(of: FilePath.parent(of: place))
            try self.init(
                Checkpoint(readingFrom: path),
                at: path,
                weights: weights,
                run: try? RunDirectory.open(run)
            )
        } else {
            let run = try RunDirectory.open(path)
            let checkpoint = try CheckpointFolder(path: run.checkpointsPath).read(name)
            let place = FilePath.join(run.checkpointsPath, name ?? "last")
            try self.init(checkpoint, at: place, weights: weights, run: run)
        }
    }

    private init(file path: String, weights: Weights) throws {
        guard weights == .evaluated else {
            throw TrainingError.impossible(
                "\(path) is a file with one kind of weights; ask a run or a checkpoint for "
                    + weights.rawValue
            )
        }
        file = try WeightsFile(path: path)
        guard let description = file.description else {
            throw WeightsError.unreadable(
                file: path,
                reason:
                    "it does not describe its inputs and classes; put it into a run with the data "
                    + "that it was trained on: manifold-mixup import \(path) --data …"
            )
        }
        self.description = description
        runPath = nil
    }

    private init(
        _ checkpoint: Checkpoint,
        at place: String,
        weights: Weights,
        run: RunDirectory?
    ) throws {
        let isAverage = weights == .averaged || weights == .evaluated && checkpoint.average != nil
        let tensors = isAverage ? checkpoint.average : checkpoint.model
        guard let tensors else {
            throw TrainingError.impossible(
                "\(place) holds no averaged weights; they are kept with training.ema-decay"
            )
        }
        var description = checkpoint.description
        if description == nil, let run {
            // A run of an older version: its data say what its files do not.
            let recipe = try run.recipe()
            description = try ModelDescription(
                recipe: recipe,
                trainedOn: recipe.loadData().train,
                at: checkpoint.state.position
            )
        }
        guard var description else {
            throw WeightsError.unreadable(
                file: place,
                reason:
                    "it is of an older version, and its run is not beside it; give the run's folder"
            )
        }
        description.origin.isAverage = isAverage
        self.description = description
        file = try WeightsFile(path: place, tensors: tensors, description: description)
        runPath = run?.path
    }

    /// The network with the weights.
    ///
    /// - Throws: `WeightsError.mismatch` for tensors that are not those of the network.
    public func makeModel() throws -> any DescribedClassifier {
        let recipe = Recipe(
            model: description.model,
            training: .init(precision: description.precision)
        )
        let model = try recipe.makeModel(
            inputShape: description.input.shape,
            classCount: description.classNames.count,
            generator: Generator(seed: 0)
        )
        try file.load(into: model, named: "the network that it describes")
        return model
    }

    /// Writes the weights, with their description, to a new file that PyTorch can read.
    ///
    /// - Parameters:
    ///   - path: the file, which must not be there yet.
    ///   - temperature: a fitted temperature that goes along.
    /// - Throws: `WeightsError.exists`, `WeightsError.mismatch`, or `FileError`.
    public func export(
        to path: String,
        temperature: ModelDescription.FittedTemperature? = nil
    ) throws {
        guard FilePath.kind(of: path, followingLinks: false) == nil else {
            throw WeightsError.exists(file: path)
        }
        var description = description
        description.temperature = temperature ?? description.temperature
        try AtomicFile.write(description.encoded(makeModel()), to: path)
    }
}
