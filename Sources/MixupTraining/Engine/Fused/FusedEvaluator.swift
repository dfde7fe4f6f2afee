internal import CTrainKernels
import LibTorch
import ManifoldMixup

/// Runs a model of known blocks by the kernels of this package.
final class FusedEvaluator: Evaluator {
    let network: FusedNetwork
    let inputShape: [Int]
    private let precision: Precision
    private var team: KernelTeam
    private let scratch: FusedScratch
    private var fixedWeights: FixedWeights?

    /// Plans the network.
    ///
    /// - Throws: `NotFusible` for what is not covered.
    init(_ model: any Classifier, precision: Precision) throws {
        team = try KernelTeam()
        guard precision == .float32 || precision == .bfloat16 && team.hasBFloat16 else {
            let place = precision == .bfloat16 ? " with \(team.instructions)" : ""
            throw NotFusible(reason: "the precision \(precision.rawValue)\(place)")
        }
        guard let model = model as? any DescribedClassifier else {
            throw NotFusible(reason: "models that are not made of blocks alone")
        }
        network = try FusedNetwork(model, precision: precision)
        inputShape = model.inputShape
        self.precision = precision
        scratch = try FusedScratch()
    }

    /// The instructions and the number of threads.
    var summary: String {
        let count = team.threadCount
        return "\(team.instructions), \(count) thread\(count == 1 ? "" : "s")"
    }

    /// Makes sure that this is known to be the faster engine, from measurements by `bench step`.
    ///
    /// - Throws: `NotFusible` where libtorch's products are as near to what the CPU can do, or nearer,
    ///   and the rest of a step weighs little: for large layers of units but in bfloat16 with AMX, for
    ///   CPUs without AVX2, and for tanh.
    func requireFaster() throws {
        guard !network.hasTanh else { throw NotFusible(slower: "with tanh") }
        guard team.lanes >= 8 else { throw NotFusible(slower: "without AVX2") }
        let isBFloat16 = precision == .bfloat16
        if network.hasImages || isBFloat16 && team.hasTiles { return }
        let largest = isBFloat16 ? 3_000_000 : team.lanes >= 16 ? 6_000_000 : 500_000
        guard network.weightCount <= largest else {
            throw NotFusible(slower: "with more than \(largest) weights in layers of units")
        }
    }

    func withFixedWeights<Value>(_ body: () throws -> Value) rethrows -> Value {
        fixedWeights = FixedWeights()
        defer { fixedWeights = nil }
        return try body()
    }

    func logits(of input: Tensor) throws -> Tensor {
        let pass = try makePass(
            batch: try input.shape.first ?? 0,
            isTraining: false,
            mix: nil,
            dropoutGenerator: nil
        )
        try require(inputShape: input.shape, batch: pass.batch)
        try input.withKernelExamples { try network.forward($0, pass) }
        let result = try Tensor.zeros([pass.batch, network.output.form.channels])
        ctk_examples_from_planes(
            team.pointer,
            &network.output.values,
            try FusedParameter.elements(of: result).pointer
        )
        return result
    }

    /// Makes sure that there are so many examples of the model's input in a shape [N, …].
    func require(inputShape shape: [Int], batch: Int) throws {
        guard let count = shape.first, Array(shape.dropFirst()) == inputShape,
            batch > 0, batch <= count
        else {
            throw TorchError(
                "the model takes examples of shape \(inputShape), not a batch of shape \(shape)"
            )
        }
    }

    func makePass(
        batch: Int,
        isTraining: Bool,
        mix: FusedMix?,
        dropoutGenerator: Generator?
    ) throws -> FusedPass {
        // The number of threads may have been set after the plan was made.
        if team.threadCount != LibTorchRuntime.threadCount { team = try KernelTeam() }
        return FusedPass(
            team: team,
            isTraining: isTraining,
            batch: batch,
            dropoutGenerator: dropoutGenerator,
            mix: mix,
            scratch: scratch,
            fixedWeights: isTraining ? nil : fixedWeights
        )
    }
}
