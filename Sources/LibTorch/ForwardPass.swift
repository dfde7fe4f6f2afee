/// What a network needs to know during one forward pass beside its input.
///
/// A network hands the pass on to the parts that need it (dropout, batch normalisation), and shows it
/// the hidden state at every site that it declares. This class only looks on; subclasses may mix or
/// record the states.
open class ForwardPass {
    /// Whether dropout drops and batch normalisation uses the statistics of the batch.
    public let isTraining: Bool
    /// Where dropout draws its masks from; needed only by networks with dropout in training.
    public let dropoutGenerator: Generator?
    /// The ranks over whose batches together batch normalisation takes its statistics in training;
    /// `nil` for this process's batch alone.
    public let statisticsGroup: ProcessGroup?

    /// Creates a pass; an evaluation unless told otherwise.
    public init(
        isTraining: Bool = false,
        dropoutGenerator: Generator? = nil,
        statisticsGroup: ProcessGroup? = nil
    ) {
        self.isTraining = isTraining
        self.dropoutGenerator = dropoutGenerator
        self.statisticsGroup = statisticsGroup
    }

    /// Called by the network at each declared site, in order, with the hidden state [N, …]; the
    /// network goes on with what is returned.
    open func site(_ name: String, _ state: Tensor) throws -> Tensor {
        state
    }
}
