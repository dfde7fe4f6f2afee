/// The singular values that the paper prints: means over MNIST's ten classes.
enum FlatteningPaper {
    /// Section 3.2, "at the first hidden layer": the largest of a class, and the sum of all others.
    static func values(_ method: ComparedMethod) -> (largest: Double, sumOfOthers: Double)? {
        switch method {
        case .none: (51.73, 78.67)
        case .weightDecay: (33.76, 73.36)
        case .dropout: (28.83, 77.47)
        case .inputMixup: (33.46, 66.89)
        case .manifoldMixup: (31.65, 40.98)
        default: nil
        }
    }

    /// Appendix G: the largest of a class, averaged over the pictures of one figure.
    static func largest(_ network: FlatteningNetwork, _ method: ComparedMethod) -> Double? {
        let figures: [FlatteningNetwork: [ComparedMethod: Double]] = [
            .bottleneck12: [.none: 50.08, .inputMixup: 37.17, .manifoldMixup: 43.44],
            .bottleneck30: [.none: 14.68, .inputMixup: 12.49, .manifoldMixup: 14.43],
            .earlyBottleneck30: [.none: 33.64, .inputMixup: 27.60, .manifoldMixup: 24.60],
        ]
        return figures[network]?[method]
    }
}
