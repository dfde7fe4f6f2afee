import ManifoldMixup
import MixupData
import MixupTraining

extension SavedModel {
    /// The temperature that makes the network's probabilities honest: the one that its file brings
    /// along, or else one that is fitted to the held-out examples of its run.
    ///
    /// - Parameter model: the network, with the weights.
    /// - Returns: `nil` where the run holds no examples out, or is not at hand.
    /// - Throws: `DataError` where the run's data cannot be loaded.
    public func fittedTemperature(
        of model: any Classifier
    ) throws -> ModelDescription.FittedTemperature? {
        if let temperature = description.temperature { return temperature }
        guard let runPath else { return nil }
        let recipe = try RunDirectory.open(runPath).recipe()
        guard recipe.data.holdOut > 0, let heldOut = try recipe.loadData().validation else {
            return nil
        }
        let examples = try model.labelledProbabilities(
            on: heldOut,
            precision: description.precision
        )
        return ModelDescription.FittedTemperature(
            value: TemperatureScaling(fittedTo: examples).temperature,
            exampleCount: heldOut.count
        )
    }
}
