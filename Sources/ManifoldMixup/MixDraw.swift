import LibTorch

/// What ``Mixup`` drew for one minibatch: the boundary k, λ, and who is mixed with whom.
public struct MixDraw: MinibatchDraw {
    /// Who is mixed with whom.
    public enum Pairing {
        /// Example i with the example at position `permutation[i]` (int64, [N]) of the same batch. It
        /// may be on the CPU, wherever the batch is.
        case permutation(Tensor)
        /// Example i of the first half of the batch with example i of its second half.
        case halves
    }

    /// The boundary k.
    public let layer: Int
    /// One λ for all examples, or one for each.
    public let lambdas: [Double]
    /// Who is mixed with whom.
    public let pairing: Pairing
    /// The name of the method that drew it.
    public let method: String
    /// Whether gradients end at the mix; ``Mixup/blocksGradients``.
    public let blocksGradients: Bool

    /// Creates a draw by hand, for instance to repeat one.
    public init(
        layer: Int,
        lambdas: [Double],
        pairing: Pairing,
        method: String = Mixup.manifoldName,
        blocksGradients: Bool = false
    ) {
        self.layer = layer
        self.lambdas = lambdas
        self.pairing = pairing
        self.method = method
        self.blocksGradients = blocksGradients
    }

    /// Whether the examples are paired by halves.
    public var usesSecondMinibatch: Bool {
        if case .halves = pairing { true } else { false }
    }

    /// The interpolated state, [N, …]; cut off from the layers before it where gradients are blocked.
    public func mixedState(_ state: Tensor) throws -> Tensor {
        try mixed(blocksGradients ? state.detached() : state)
    }

    /// The interpolated targets, [N, C].
    public func mixedTargets(_ targets: Tensor) throws -> Tensor { try mixed(targets) }

    /// λ · own + (1 − λ) · partner, for hidden states [N, …] and for targets [N, C] alike.
    ///
    /// Halves leave half as many rows as they had.
    ///
    /// - Throws: `MixupError` if the draw was made for a batch of another size.
    public func mixed(_ state: Tensor) throws -> Tensor {
        let own: Tensor
        let partner: Tensor
        switch pairing {
        case .permutation(let permutation):
            // A permutation of one row would be broadcast over the whole batch.
            guard try permutation.shape == Array(state.shape.prefix(1)) else {
                throw MixupError(
                    "the permutation has the shape \(try permutation.shape), which does not fit a batch "
                        + "of shape \(try state.shape)"
                )
            }
            if lambdas.count == 1 {
                return try state.interpolatedRows(order: permutation, weight: lambdas[0])
            }
            own = state
            partner = try state.rows(permutation)
        case .halves:
            let count = try state.shape.first ?? 0
            guard count > 0, count.isMultiple(of: 2) else {
                throw MixupError("two minibatches of one size are needed, not \(count) rows in all")
            }
            own = try state.rows(0, count: count / 2)
            partner = try state.rows(count / 2, count: count / 2)
        }
        if lambdas.count == 1 {
            return try partner.interpolated(to: own, weight: lambdas[0])
        }
        let shape = try own.shape
        guard lambdas.count == shape.first else {
            throw MixupError("there are \(lambdas.count) λ for a batch of shape \(shape)")
        }
        let weights = try Tensor(
            lambdas,
            shape: [lambdas.count] + shape.dropFirst().map { _ in 1 },
            device: own.device
        )
        return try partner.interpolated(to: own, weight: weights.to(own.dtype))
    }
}
