import LibTorch
import ManifoldMixup
import MixupModels
import Testing

/// A training run of a network that PyTorch made in float64, and its repetition in Swift.
///
/// `scripts/parity/README.md` says what the tensors are.
struct NetworkRun {
    /// What a repetition may do wrong, to show that the comparison notices.
    enum Mistake: CaseIterable {
        case exchangedLambda
        case otherLayer
        case unmixedStates
        case otherLosses
        case noNesterov
    }

    /// What the file says of the network and the training.
    let description: NetworkDescription
    /// The file's tensors.
    let recorded: [String: Tensor]

    init(path: String) throws {
        // As the script does; threads that wait for each other are slow on a busy machine.
        try LibTorchRuntime.setThreadCount(1)
        let file = try Safetensors(path: path)
        recorded = file.dictionary
        description = NetworkDescription(metadata: file.metadata)
    }

    func tensor(_ name: String) throws -> Tensor {
        try #require(recorded[name], "the file lacks '\(name)'")
    }

    /// The state_dict before the training.
    var initial: [String: Tensor] {
        let prefix = "initial."
        let pairs = recorded.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// The network with PyTorch's weights.
    func model(dtype: DType) throws -> any DescribedClassifier {
        let model = try description.build(dtype: dtype)
        try model.load(initial)
        return model
    }

    /// The logits without mixing, by the running statistics.
    func evaluated(_ model: any DescribedClassifier, dtype: DType) throws -> Tensor {
        try withoutGradients { try model(tensor("input").to(dtype), ForwardPass()) }
    }

    /// Trains as the file tells, and compares everything that it records.
    func disagreements(making mistake: Mistake? = nil) throws -> [Disagreement] {
        let model = try model(dtype: .float64)
        let before = try evaluated(model, dtype: .float64)
        var found = [try Disagreement("logits", before, tensor("logits.evaluation"))]
        let optimizer = try SGD(
            model,
            learningRate: description.number("learning_rate"),
            momentum: description.number("momentum"),
            nesterov: mistake != .noNesterov,
            weightDecay: description.number("weight_decay")
        )
        let classCount: Int = try description.number("classes")
        let input = try tensor("input").to(.float64)
        let targets = try tensor("labels").oneHot(classCount: classCount, dtype: .float64)
        let layers = try tensor("layer").scalars(as: Int64.self).map(Int.init)
        var losses: [Double] = []
        for (step, layer) in layers.enumerated() {
            let draw = try draw(step, layer, of: model, mistake)
            let hidden = mistake == .unmixedStates ? nil : draw
            var (logits, mixed) = try model.trainingPass(input, targets: targets, mixing: hidden)
            mixed = try draw.mixed(targets)
            let value = try loss(step, of: model, mistake)(logits, mixed)
            losses.append(try value.item())
            try optimizer.step(minimizing: value)
            if step == 0 {
                found.append(try Disagreement("mixed logits", logits, tensor("logits.mixed")))
                found += try gradientDisagreements(of: model)
            }
        }
        let expected = try tensor("loss").scalars(as: Double.self)
        found.append(Disagreement("losses", losses, expected))
        found += try compare("trained", model, \.tensor)
        let after = try evaluated(model, dtype: .float64)
        found.append(try Disagreement("trained logits", after, tensor("logits.trained")))
        return found
    }

    private func draw(
        _ step: Int,
        _ layer: Int,
        of model: any DescribedClassifier,
        _ mistake: Mistake?
    ) throws -> MixDraw {
        let boundaries = model.mixingSites.count + 1
        let lambdas = try tensor("lambda").rows(step, count: 1).scalars(as: Double.self)
        return MixDraw(
            layer: mistake == .otherLayer ? (layer + 1) % boundaries : layer,
            lambdas: mistake == .exchangedLambda ? lambdas.map { 1 - $0 } : lambdas,
            pairing: .permutation(try tensor("permutation").rows(step, count: 1).reshaped([-1]))
        )
    }

    /// Both losses in turn, so that every boundary gets both.
    private func loss(
        _ step: Int,
        of model: any DescribedClassifier,
        _ mistake: Mistake?
    ) throws -> MixupLoss {
        let isFirst = (step / (model.mixingSites.count + 1)).isMultiple(of: 2)
        let isSoftCrossEntropy = isFirst != (mistake == .otherLosses)
        return isSoftCrossEntropy ? .softCrossEntropy : .paperBinaryCrossEntropy
    }

    private func gradientDisagreements(of model: any DescribedClassifier) throws -> [Disagreement] {
        try compare("gradient", model) { named in
            guard named.role == .parameter, !isConvolutionBias(named.name) else { return nil }
            let found = try named.tensor.gradient
            let gradient: Tensor = try #require(found, "\(named.name) has none")
            return gradient
        }
    }

    /// Compares sums with the probe's signs, each relative to the norm of PyTorch's tensor.
    ///
    /// - Parameters:
    ///   - what: the name of the sums and norms in the file.
    ///   - model: the model.
    ///   - value: what is compared of a tensor; `nil` for nothing.
    private func compare(
        _ what: String,
        _ model: any DescribedClassifier,
        _ value: (NamedTensor) throws -> Tensor?
    ) throws -> [Disagreement] {
        let probe = try tensor("probe").to(.float64)
        let summaries = try tensor(what).scalars(as: Double.self)
        let floats = try model.stateDictionary().filter { try $0.tensor.dtype == .float64 }
        try #require(floats.count == summaries.count / 2)
        return try floats.enumerated().compactMap { index, named in
            guard let tensor = try value(named)?.detached() else { return nil }
            let count = try tensor.elementCount
            let signs = try probe.rows(0, count: count).reshaped([1, count])
            let sum = try tensor.reshaped([1, count]).linear(weight: signs, bias: nil).item()
            return Disagreement(
                "\(what) \(named.name)",
                difference: sum - summaries[2 * index],
                scale: summaries[2 * index + 1]
            )
        }
    }
}
