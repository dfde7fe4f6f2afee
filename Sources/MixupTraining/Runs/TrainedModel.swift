import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

/// A model that a run has trained, read back from a checkpoint.
public struct TrainedModel {
    /// The run's recipe.
    public let recipe: Recipe
    /// The network with the checkpoint's weights, or their average where the run keeps one.
    public let model: any Classifier
    /// The run's data set.
    public let data: DataSplits
    /// How far the training was.
    public let position: TrainingPosition

    /// Reads a checkpoint of a run; training it at the same time is no obstacle.
    ///
    /// - Parameters:
    ///   - path: the folder of the run.
    ///   - name: "last", "best", "epoch-10", or whatever the run has; the last if it is `nil`.
    ///   - device: where the model is to compute; `nil` for what the run's recipe says.
    /// - Throws: `TrainingError` for a device that is not there.
    public init(
        run path: String,
        checkpoint name: String? = nil,
        device: DeviceChoice? = .cpu
    ) throws {
        let directory = try RunDirectory.open(path)
        recipe = try directory.recipe()
        let device = try (device ?? recipe.training.device).device(for: recipe.training.engine)
        data = try recipe.loadData()
        let model = try recipe.makeModel(for: data.train, streams: RandomStreams(seed: 0))
        let checkpoint = try CheckpointFolder(path: directory.checkpointsPath).read(name)
        try model.load(checkpoint.evaluated)
        if recipe.training.channelsLast { try model.useChannelsLast() }
        try model.move(to: device)
        self.model = model
        position = checkpoint.state.position
    }

    /// The result on the run's test set.
    public func evaluate() throws -> Evaluation {
        try model.evaluate(
            on: data.test,
            precision: recipe.training.precision,
            engine: recipe.training.engine
        )
    }
}
