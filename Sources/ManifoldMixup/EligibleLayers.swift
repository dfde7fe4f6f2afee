import Foundation
import LibTorch

/// The set S of boundaries at which a minibatch may be mixed (paper, section 2).
///
/// Boundary 0 is the input of the network; 1, 2, … are the sites that the model declares, in order.
public struct EligibleLayers: Sendable, Equatable {
    /// The boundaries, without repeats.
    public let layers: [Int]
    /// How often each is chosen, relative to the others; `nil` for equally often.
    public let weights: [Double]?

    /// Creates the set.
    ///
    /// - Throws: `MixupError` if it is empty, repeats a boundary, has a negative one, or if the weights
    ///   do not fit or have no positive, finite sum.
    public init(_ layers: [Int], weights: [Double]? = nil) throws {
        guard !layers.isEmpty else {
            throw MixupError("the set of eligible layers is empty; name at least one, such as 0")
        }
        guard Set(layers).count == layers.count, layers.allSatisfy({ $0 >= 0 }) else {
            throw MixupError("eligible layers must be 0 or more and must not repeat, not \(layers)")
        }
        if let weights {
            guard weights.count == layers.count else {
                throw MixupError(
                    "\(layers.count) eligible layers need as many weights, not \(weights.count)"
                )
            }
            try WeightedChoice.validate(weights, of: "layer")
        }
        self.layers = layers
        self.weights = weights
    }

    /// All boundaries of a model: the input and every declared site.
    public static func all(of model: any Classifier) throws -> EligibleLayers {
        try EligibleLayers(Array(0...model.mixingSites.count))
    }

    /// Makes sure that a model has every boundary of the set.
    ///
    /// - Throws: `MixupError` that lists the boundaries which the model has.
    public func validate(for model: any Classifier) throws {
        let sites = model.mixingSites
        guard let excess = layers.first(where: { $0 > sites.count }) else { return }
        let known = ["0 (input)"] + sites.enumerated().map { "\($0 + 1) (\($1))" }
        throw MixupError(
            "layer \(excess) is not a mixing site of this model; it has "
                + known.joined(separator: ", ")
        )
    }

    /// Chooses one boundary.
    public func draw(from generator: Generator) throws -> Int {
        let uniform = try generator.uniform()
        guard let weights else {
            return layers[min(Int(uniform * Double(layers.count)), layers.count - 1)]
        }
        return layers[WeightedChoice.index(at: uniform, weights: weights)]
    }
}
