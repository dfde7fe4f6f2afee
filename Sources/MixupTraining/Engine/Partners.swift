import LibTorch
import ManifoldMixup

/// Who is mixed with whom in a minibatch, in memory that is kept from step to step.
struct Partners {
    /// The partner of each example.
    private(set) var order: [Int32] = []
    /// The example whose partner each one is.
    private(set) var inverse: [Int32] = []

    /// Takes the partners of another draw.
    ///
    /// - Throws: `MixupError` unless the draw is a permutation of so many examples, with one λ for all or
    ///   for each.
    mutating func take(_ draw: MixDraw, batch: Int) throws {
        guard case .permutation(let permutation) = draw.pairing,
            case let positions = try permutation.unsafeMutableElements(as: Int64.self),
            positions.count == batch, draw.lambdas.count == 1 || draw.lambdas.count == batch
        else {
            throw MixupError("the draw of this step does not fit a minibatch of \(batch) examples")
        }
        if order.count != batch {
            order = [Int32](repeating: 0, count: batch)
            inverse = order
        }
        let isPermutation = withExtendedLifetime(permutation) {
            order.withUnsafeMutableBufferPointer { order in
                inverse.withUnsafeMutableBufferPointer { inverse in
                    inverse.update(repeating: -1)
                    for (example, partner) in positions.enumerated() {
                        guard positions.indices.contains(Int(partner)), inverse[Int(partner)] == -1
                        else { return false }
                        order[example] = Int32(partner)
                        inverse[Int(partner)] = Int32(example)
                    }
                    return true
                }
            }
        }
        guard isPermutation else {
            throw MixupError("the order of the partners repeats some or leaves out others")
        }
    }
}
