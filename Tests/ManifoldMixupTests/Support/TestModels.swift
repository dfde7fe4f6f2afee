import LibTorch
import ManifoldMixup

/// A network of any blocks.
final class BlockNetwork: DescribedClassifier {
    let network: Sequential
    let inputShape: [Int]

    init(inputShape: [Int], _ blocks: [(name: String, block: any Block)]) {
        self.inputShape = inputShape
        network = Sequential(blocks)
    }
}

/// Gives back its input, and shows it at the sites on the way. What comes out tells how often and how
/// the states were mixed.
final class IdentityNetwork: Classifier {
    let mixingSites: [String]
    private let visitedSites: [String]

    /// - Parameter visiting: the sites that the pass really reaches; by default, the declared ones.
    init(sites: [String], visiting: [String]? = nil) {
        mixingSites = sites
        visitedSites = visiting ?? sites
    }

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        try visitedSites.reduce(input) { try pass.site($1, $0) }
    }
}

/// Doubles its input behind every boundary, and keeps what every part receives.
final class RecordingNetwork: Classifier {
    let mixingSites = ["one", "two", "three"]
    /// The state that part 0, 1, … received, in the last pass.
    private(set) var received: [Tensor] = []
    /// How often each site was shown a state since the beginning.
    private(set) var visits: [String: Int] = [:]

    func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        var state = input
        received = [state]
        for site in mixingSites {
            visits[site, default: 0] += 1
            state = try pass.site(site, state * 2)
            received.append(state)
        }
        return state
    }
}
