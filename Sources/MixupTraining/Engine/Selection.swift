import MixupData

// What the best epoch and early stopping go by: the held-out examples. Where there are none it is the
// test set, which flatters the test error of what is chosen, as it did in the paper.

extension DataSplits {
    /// In words, what the best epoch is chosen by.
    public var selectionSet: String { validation == nil ? "test set" : "hold-out" }
}

extension EpochReport {
    /// The result that the best epoch is chosen by, where there was an evaluation.
    var selection: Evaluation? { validation ?? test }
}
