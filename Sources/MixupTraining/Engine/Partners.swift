import LibTorch
import ManifoldMixup

/// Who is mixed with whom in a minibatch.
struct Partners {
    /// The partner of each example.
    let order: [Int]
    /// The example whose partner each one is.
    let inverse: [Int]

    /// - Throws: `MixupError` unless the draw is a permutation of so many examples, with one λ for all or
    ///   for each.
    init(of draw: MixDraw, batch: Int) throws {
        guard case .permutation(let permutation) = draw.pairing,
            try permutation.shape == [batch], draw.lambdas.count == 1 || draw.lambdas.count == batch
        else {
            throw MixupError("the draw of this step does not fit a minibatch of \(batch) examples")
        }
        let order = try permutation.scalars(as: Int64.self).map(Int.init)
        var inverse = [Int](repeating: -1, count: batch)
        for (position, partner) in order.enumerated() {
            guard order.indices.contains(partner), inverse[partner] == -1 else {
                throw MixupError("the order of the partners repeats some or leaves out others")
            }
            inverse[partner] = position
        }
        self.order = order
        self.inverse = inverse
    }
}
