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

    init(
        team: KernelTeam,
        isTraining: Bool,
        batch: Int,
        dropoutGenerator: Generator?,
        mix: FusedMix?,
        scratch: FusedScratch
    ) {
        self.team = team
        self.isTraining = isTraining
        self.batch = batch
        self.dropoutGenerator = dropoutGenerator
        self.mix = mix
        self.scratch = scratch
    }
}

/// Memory that any layer may use within a call.
final class FusedScratch {
    /// A state with its channels innermost.
    let positions: KernelMemory
    /// Sums of the gradient of weights.
    let sums: KernelMemory

    init() throws {
        positions = try KernelMemory(0)
        sums = try KernelMemory(0)
    }
}

/// Why the fused engine does not run a training: what it does not cover.
struct NotFusible: Error {
    let reason: String
}

/// A block that the fused engine knows.
protocol FusibleBlock: Block {
    /// Appends the block's layers to a network that is being put together.
    ///
    /// - Throws: `NotFusible` for settings that are not covered, `TorchError` for shapes that do not
    ///   fit.
    func fuse(into network: FusedNetworkBuilder) throws
}
