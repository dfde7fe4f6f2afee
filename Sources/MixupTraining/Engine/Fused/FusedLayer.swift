internal import CTrainKernels
import LibTorch

/// A layer of the fused engine: kernels between two hidden states.
protocol FusedLayer: AnyObject {
    /// The states that belong to the layer itself, its output among them.
    var states: [FusedState] { get }
    /// Computes the values of the output.
    func forward(_ pass: FusedPass) throws
    /// Computes the gradients of the parameters, and of the input if that is needed.
    func backward(_ pass: FusedPass) throws
    /// Gives the states memory for their gradients; called in the order of the backward pass.
    func shareGradients(_ memory: GradientMemory) throws
}

/// What the layers need during one pass beside their states.
final class FusedPass {
    let team: KernelTeam
    let isTraining: Bool
    let batch: Int
    let dropoutGenerator: Generator?
    let mix: FusedMix?
    let scratch: FusedScratch
    /// Weights that stay as they are from pass to pass, where they do.
    let fixedWeights: FixedWeights?
    /// The step that parameters may take as soon as their gradient is there; without one they wait until
    /// all gradients are.
    var descent: ctk_descent?

    init(
        team: KernelTeam,
        isTraining: Bool,
        batch: Int,
        dropoutGenerator: Generator?,
        mix: FusedMix?,
        scratch: FusedScratch,
        fixedWeights: FixedWeights?
    ) {
        self.team = team
        self.isTraining = isTraining
        self.batch = batch
        self.dropoutGenerator = dropoutGenerator
        self.mix = mix
        self.scratch = scratch
        self.fixedWeights = fixedWeights
    }
}

/// Why the fused engine does not run a training.
struct NotFusible: Error {
    let message: String

    /// - Parameter reason: what it does not cover.
    init(reason: String) {
        message = "the fused engine does not cover \(reason)"
    }

    /// - Parameter slower: where autograd, which is then the choice, is not slower.
    init(slower: String) {
        message = "it is as fast or faster \(slower)"
    }
}

/// A block that the fused engine knows.
protocol FusibleBlock: Block {
    /// Appends the block's layers to a network that is being put together.
    ///
    /// - Throws: `NotFusible` for settings that are not covered, `TorchError` for shapes that do not
    ///   fit.
    func fuse(into network: FusedNetworkBuilder) throws
}
