/// The ways to regularise a network with a bottleneck that Figure 2 and section 3.2 compare.
public enum ComparedMethod: String, Sendable, Codable, CaseIterable {
    /// No regularisation.
    case none
    /// A share of the squared weights in the loss.
    case weightDecay = "weight-decay"
    /// Normal noise on the input, drawn anew in every step.
    case inputNoise = "input-noise"
    /// Dropout in every hidden layer but the bottleneck.
    case dropout
    /// Batch normalisation in every hidden layer but the bottleneck.
    case batchNorm = "batch-norm"
    /// Input Mixup, α = 1.
    case inputMixup = "input-mixup"
    /// Manifold Mixup at one hidden layer only, α = 2.
    case manifoldMixup = "manifold-mixup"

    /// The method's name for people.
    public var title: String {
        switch self {
        case .none: "No regularisation"
        case .weightDecay: "Weight decay"
        case .inputNoise: "Input noise"
        case .dropout: "Dropout"
        case .batchNorm: "Batch norm"
        case .inputMixup: "Input Mixup"
        case .manifoldMixup: "Manifold Mixup"
        }
    }
}
