/// Where training is: what a progress line shows.
public struct TrainingProgress: Equatable, Sendable {
    /// What is counted: epochs, unless said otherwise.
    public var unit: String
    /// The epoch that runs, from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The steps done in this epoch.
    public var step: Int
    /// The steps of an epoch.
    public var steps: Int
    /// Examples a second, or nil before that is known.
    public var examplesPerSecond: Double?
    /// The training loss.
    public var loss: Double
    /// The learning rate.
    public var learningRate: Double
    /// The seconds to the end of the run, or nil before that is known.
    public var remaining: Double?

    /// A place in a run; the rate and the remaining time are usually left to the progress bar.
    public init(
        unit: String = "epoch",
        epoch: Int,
        epochs: Int,
        step: Int,
        steps: Int,
        loss: Double,
        learningRate: Double,
        examplesPerSecond: Double? = nil,
        remaining: Double? = nil
    ) {
        self.unit = unit
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.steps = steps
        self.examplesPerSecond = examplesPerSecond
        self.loss = loss
        self.learningRate = learningRate
        self.remaining = remaining
    }

    /// The part of this epoch that is done, 0 to 1.
    public var fraction: Double {
        steps > 0 ? min(1, max(0, Double(step) / Double(steps))) : 1
    }

    /// The epochs done and the part of the current one.
    var epochsDone: Double { Double(epoch - 1) + fraction }
}
