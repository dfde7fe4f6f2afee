/// The fully connected networks whose hidden states are measured.
public enum FlatteningNetwork: String, Sendable, Codable, CaseIterable {
    /// A first hidden layer of 30 units, measured and mixed behind its activation: for the row of
    /// section 3.2, which names the layer and not its width.
    case firstHidden = "first-hidden"
    /// A first hidden layer as wide as the others.
    case wideFirstHidden = "wide-first-hidden"
    /// A bottleneck of 12 units behind three hidden layers (appendix G, Figure 9).
    case bottleneck12 = "bottleneck-12"
    /// A bottleneck of 30 units behind three hidden layers (appendix G, Figure 10).
    case bottleneck30 = "bottleneck-30"
    /// A bottleneck of 30 units behind one hidden layer (appendix G, Figure 11).
    case earlyBottleneck30 = "early-bottleneck-30"

    /// The network's name for people.
    public var title: String {
        switch self {
        case .firstHidden: "First hidden layer, 30 units"
        case .wideFirstHidden: "First hidden layer, as wide as the others"
        case .bottleneck12: "Bottleneck of 12 units behind three layers"
        case .bottleneck30: "Bottleneck of 30 units behind three layers"
        case .earlyBottleneck30: "Bottleneck of 30 units behind one layer"
        }
    }

    /// A few words for the marks of an axis: the layer and its units.
    var mark: String {
        switch self {
        case .firstHidden: "1st, 30"
        case .wideFirstHidden: "1st, wide"
        case .bottleneck12: "4th, 12"
        case .bottleneck30: "4th, 30"
        case .earlyBottleneck30: "2nd, 30"
        }
    }

    /// What the paper compares with this network: five methods in section 3.2, three in appendix G.
    public var methods: [ComparedMethod] {
        switch self {
        case .firstHidden, .wideFirstHidden:
            [.none, .weightDecay, .dropout, .inputMixup, .manifoldMixup]
        case .bottleneck12, .bottleneck30, .earlyBottleneck30:
            [.none, .inputMixup, .manifoldMixup]
        }
    }

    /// The widths of the hidden layers, where most have `width` units.
    func widths(_ width: Int) -> [Int] {
        let four = [Int](repeating: width, count: 4)
        switch self {
        case .firstHidden: return [30] + four
        case .wideFirstHidden: return [width] + four
        case .bottleneck12: return [width, width, width, 12] + four
        case .bottleneck30: return [width, width, width, 30] + four
        case .earlyBottleneck30: return [width, 30] + four
        }
    }

    /// The boundary that is mixed and measured.
    public var boundary: Int {
        switch self {
        case .firstHidden, .wideFirstHidden: 1
        case .bottleneck12, .bottleneck30: 4
        case .earlyBottleneck30: 2
        }
    }

    /// The hidden layer without an activation, if there is one.
    var bottleneck: Int? {
        switch self {
        case .firstHidden, .wideFirstHidden: nil
        case .bottleneck12, .bottleneck30, .earlyBottleneck30: boundary
        }
    }
}
