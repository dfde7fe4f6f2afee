import LibTorch
import ManifoldMixup

/// A draw whose partners and λ lie on the device, where each step writes them anew.
final class RecordedMix: MinibatchDraw {
    let method: String
    let layer: Int
    private let blocksGradients: Bool
    private let order: Tensor
    private let inverse: Tensor
    private let lambda: Tensor
    private var partners = Partners()

    /// Takes a draw for a minibatch with such targets, in whose type λ is kept.
    init(_ draw: MixDraw, like targets: Tensor) throws {
        let (count, device) = (try targets.shape[0], try targets.device)
        method = draw.method
        layer = draw.layer
        blocksGradients = draw.blocksGradients
        order = try Tensor.zeros([count], dtype: .int64, device: device)
        inverse = try Tensor.zeros([count], dtype: .int64, device: device)
        lambda = try Tensor.zeros([], dtype: targets.dtype, device: device)
        try take(draw)
    }

    /// Takes another draw of the same kind.
    func take(_ draw: MixDraw) throws {
        try partners.take(draw, batch: order.shape[0])
        let lambda = try Tensor(draw.lambdas, shape: [])
        for (target, source) in [
            (order, try Tensor(partners.order.map(Int64.init))),
            (inverse, try Tensor(partners.inverse.map(Int64.init))),
            (self.lambda, try lambda.to(self.lambda.dtype)),
        ] {
            try target.copyElements(from: source.to(target.device))
        }
    }

    /// λ is on the device, and not known here.
    var lambdas: [Double] { [] }

    func mixedState(_ state: Tensor) throws -> Tensor {
        try mixed(blocksGradients ? state.detached() : state)
    }

    func mixedTargets(_ targets: Tensor) throws -> Tensor { try mixed(targets) }

    private func mixed(_ rows: Tensor) throws -> Tensor {
        try rows.interpolatedRows(order: order, inverse: inverse, weight: lambda)
    }
}
