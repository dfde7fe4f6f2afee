import LibTorch
import ManifoldMixup

/// A forward and a backward pass of one kind, recorded, with the memory that it reads and writes.
final class RecordedPass {
    private let parameters: [Tensor]
    private let input: Tensor
    private let targets: Tensor
    private let mix: RecordedMix?
    private let recording: Recording
    private let lossTensor: Tensor
    /// The parameters' gradients; those before a blocked mix have none.
    private let gradients: [Tensor?]

    /// Records a pass; nothing is computed yet.
    ///
    /// - Parameters:
    ///   - parameters: what gets gradients, of which there are none now.
    ///   - pass: computes the loss, and the gradients, of input and targets.
    init(
        of parameters: [Tensor],
        input: Tensor,
        targets: Tensor,
        mix draw: MixDraw?,
        _ pass: (Tensor, Tensor, (any MinibatchDraw)?) throws -> Tensor
    ) throws {
        let (ownInput, ownTargets) = (try input.clone(), try targets.clone())
        let mix = try draw.map { try RecordedMix($0, like: targets) }
        var loss: Tensor?
        recording = try Recording(on: input.device) {
            // A loss that kept its graph would keep the parameters' gradients on this recording's stream,
            // and so out of the next recording.
            loss = try pass(ownInput, ownTargets, mix).detached()
        }
        guard let loss else { throw TorchError("a recorded pass has no loss") }
        self.parameters = parameters
        self.input = ownInput
        self.targets = ownTargets
        self.mix = mix
        lossTensor = loss
        gradients = try parameters.map { try $0.gradient }
    }

    /// The loss of a minibatch; the parameters then have its gradients.
    func loss(of input: Tensor, targets: Tensor, mixing draw: MixDraw?) throws -> Double {
        try self.input.copyElements(from: input)
        try self.targets.copyElements(from: targets)
        if let draw { try mix?.take(draw) }
        try recording.repeat()
        for (parameter, gradient) in zip(parameters, gradients) {
            if let gradient { try parameter.setGradient(gradient) }
        }
        return try lossTensor.item()
    }
}
