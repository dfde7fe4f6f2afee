/// An experiment whose trainings are kept in a folder, so that it can be stopped at any moment and goes
/// on when it is started with the same folder again.
public protocol ResumableExperiment: Experiment {
    /// Trains what is not trained yet, and measures.
    ///
    /// - Parameters:
    ///   - scale: how much is done.
    ///   - seeds: the number of repetitions; `nil` for as many as the scale suggests.
    ///   - dataDirectory: where data sets are looked for first; `nil` for the usual places.
    ///   - folder: where the trainings are kept; `nil` to keep none.
    ///   - shouldStop: asked after every step.
    ///   - progress: called with a line whenever there is something to tell.
    /// - Returns: the result, which is the same after any number of stops; `nil` if it was asked to stop.
    /// - Throws: whatever makes it impossible.
    func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        folder: String?,
        shouldStop: () -> Bool,
        progress: (String) -> Void
    ) throws -> ExperimentResult?
}

extension ResumableExperiment {
    /// Trains and measures without a stop, and keeps no training.
    public func run(
        scale: ExperimentScale,
        seeds: Int?,
        dataDirectory: String?,
        progress: (String) -> Void
    ) throws -> ExperimentResult {
        let result = try run(
            scale: scale,
            seeds: seeds,
            dataDirectory: dataDirectory,
            folder: nil,
            shouldStop: { false },
            progress: progress
        )
        guard let result else { throw ReportError("the experiment ended without a result") }
        return result
    }
}
