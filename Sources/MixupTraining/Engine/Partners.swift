import LibTorch
import ManifoldMixup

/// Who is mixed with whom in a minibatch.
struct Partners {
    /// The partner of each example.
    let order: [Int32]
    /// The example whose partner each one is.
    let inverse: [Int32]

    /// - Throws: `MixupError` unless the draw is a permutation of so many examples, with one λ for all or
    ///   for each.
    init(of draw: MixDraw, batch: Int) throws {
        guard case .permutation(let permutation) = draw.pairing,
            try permutation.shape == [batch], draw.lambdas.count == 1 || draw.lambdas.count == batch
        else {
            throw MixupError("the draw of this step does not fit a minibatch of \(batch) examples")
        }
        let partners = try permutation.scalars(as: Int64.self)
        var order = [Int32](repeating: 0, count: batch)
        var inverse = [Int32](repeating: -1, count: batch)
        for position in 0..<batch {
            let partner = Int(partners[position])
            guard partners.indices.contains(partner), inverse[partner] == -1 else {
                throw MixupError("the order of the partners repeats some or leaves out others")
            }
            order[position] = Int32(partner)
            inverse[partner] = Int32(position)
        }
        self.order = order
        self.inverse = inverse
    }
}
