import LibTorch
import ManifoldMixup
import MixupData

/// What an attack's lengths are in the network's input, and what values that may have.
struct PerturbationScale {
    /// One unit of length, to be broadcast over [N, C, …].
    let unit: Tensor
    /// The valid values; `nil` where all are.
    let range: Interval?

    init(
        _ units: Attack.Units,
        _ normalization: Normalization,
        inputShape: [Int],
        dtype: DType
    ) throws {
        guard units == .pixels else {
            unit = try .ones([1], dtype: dtype)
            range = nil
            return
        }
        let count = max(normalization.mean.count, normalization.standardDeviation.count)
        func values(_ list: [Double]) throws -> [Double] {
            guard list.count == count || list.count == 1, let first = list.first,
                count == 1 || count == inputShape.first
            else {
                throw MixupError(
                    "the normalisation of \(count) channels does not fit an example of shape "
                        + "\(inputShape)"
                )
            }
            return list.count == count ? list : Array(repeating: first, count: count)
        }
        let deviations = try values(normalization.standardDeviation)
        let means = try values(normalization.mean)
        let shape = [count] + inputShape.dropFirst().map { _ in 1 }
        unit = try Tensor(deviations.map { 1 / (255 * $0) }, shape: shape).to(dtype)
        // Rounded as a minibatch's values are, so that black and white themselves are within.
        func ends(_ value: Double) throws -> Tensor {
            let scale = normalization.scale
            let rounded = zip(means, deviations).map { mean, deviation in
                Float(value * scale * (1 / (scale * deviation)) - mean / deviation)
            }
            return try Tensor(rounded, shape: shape).to(dtype)
        }
        range = Interval(lowest: try ends(0), highest: try ends(1))
    }
}

/// The values between two tensors.
struct Interval {
    let lowest: Tensor
    let highest: Tensor

    init(lowest: Tensor, highest: Tensor) {
        self.lowest = lowest
        self.highest = highest
    }

    /// The ball around a point in the maximum norm.
    init(around centre: Tensor, radius: Tensor) throws {
        self.init(lowest: try centre - radius, highest: try centre + radius)
    }

    /// The nearest point within.
    func projected(_ point: Tensor) throws -> Tensor {
        try point.maximum(lowest).minimum(highest)
    }
}
