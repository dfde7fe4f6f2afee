import LibTorch
import ManifoldMixup
import MixupModels
import Testing

/// A training run that PyTorch made, and its repetition in Swift.
///
/// `scripts/parity/README.md` says what the tensors are.
struct ParityRun {
    /// What a repetition may do wrong, to show that the comparison notices.
    enum Mistake: CaseIterable {
        case exchangedLambda
        case otherLayer
        case targetsInOtherOrder
        case otherLoss
        case noWeightDecay
        case noNesterov
    }

    private let recorded: [String: Tensor]
    private let metadata: [String: String]

    init(path: String) throws {
        let file = try Safetensors(path: path)
        recorded = file.dictionary
        metadata = file.metadata
    }

    /// The number of steps.
    var steps: Int {
        get throws { try #require(Int(text("steps"))) }
    }

    /// Trains as the file tells, and compares everything that it records.
    func disagreements(making mistake: Mistake? = nil) throws -> [Disagreement] {
        // As the script does; threads that wait for each other are slow on a busy machine.
        try LibTorchRuntime.setThreadCount(1)
        let model = try initialModel()
        let optimizer = try optimizer(of: model, mistake)
        let loss = try loss(mistake)
        let (input, targets) = try minibatch(mistake)
        let parameters = model.stateDictionary()
        var losses: [Double] = []
        var found: [Disagreement] = []
        for step in 0..<(try steps) {
            let draw = try draw(step, mistake)
            let (logits, mixed) = try model.trainingPass(input, targets: targets, mixing: draw)
            let value = try loss(logits, mixed)
            losses.append(try value.item())
            try optimizer.step(minimizing: value)
            if step == 0 {
                found.append(try Disagreement("first logits", logits, tensor("logits")))
                for parameter in parameters {
                    let name = "gradient.\(parameter.name)"
                    guard let gradient = try parameter.tensor.gradient else {
                        #expect(recorded[name] == nil, "\(name) is missing here")
                        continue
                    }
                    found.append(try Disagreement(name, gradient, tensor(name)))
                }
            }
            for parameter in parameters {
                let expected = try tensor("weights.\(parameter.name)").rows(step, count: 1)
                let what = "\(parameter.name) after step \(step + 1)"
                found.append(try Disagreement(what, parameter.tensor, expected))
            }
        }
        let expectedLosses = try tensor("loss").to(.float64).scalars(as: Double.self)
        found.append(Disagreement("losses", losses, expectedLosses))
        return found
    }

    private func text(_ key: String) throws -> String {
        try #require(metadata[key], "the file lacks the metadata '\(key)'")
    }

    private func number(_ key: String) throws -> Double {
        try #require(Double(text(key)))
    }

    private func tensor(_ name: String) throws -> Tensor {
        try #require(recorded[name], "the file lacks '\(name)'")
    }

    private func initialModel() throws -> MLP {
        let first = try tensor("initial.fc1.weight").shape
        let second = try tensor("initial.fc2.weight").shape
        let third = try tensor("initial.fc3.weight").shape
        let model = try MLP(
            inputShape: [first[1]],
            widths: [first[0], second[0]],
            classCount: third[0],
            generator: Generator(seed: 0)
        )
        var weights: [String: Tensor] = [:]
        for named in model.stateDictionary() {
            weights[named.name] = try tensor("initial.\(named.name)")
        }
        try model.load(weights)
        return model
    }

    private func optimizer(of model: MLP, _ mistake: Mistake?) throws -> any Optimizer {
        let (rate, decay) = (try number("learning_rate"), try number("weight_decay"))
        if try text("optimizer") == "adam" {
            return try Adam(
                model,
                learningRate: rate,
                beta1: number("beta1"),
                beta2: number("beta2"),
                epsilon: number("epsilon"),
                weightDecay: decay
            )
        }
        return try SGD(
            model,
            learningRate: rate,
            momentum: number("momentum"),
            nesterov: text("nesterov") == "true" && mistake != .noNesterov,
            weightDecay: mistake == .noWeightDecay ? 0 : decay
        )
    }

    private func loss(_ mistake: Mistake?) throws -> MixupLoss {
        let loss = try #require(MixupLoss(rawValue: text("loss")))
        guard mistake == .otherLoss else { return loss }
        return loss == .softCrossEntropy ? .paperBinaryCrossEntropy : .softCrossEntropy
    }

    /// The input and the one-hot targets; of two minibatches, one after the other.
    private func minibatch(_ mistake: Mistake?) throws -> (input: Tensor, targets: Tensor) {
        let classCount = try tensor("logits").shape[1]
        var input = try tensor("input")
        var targets = try tensor("labels").oneHot(classCount: classCount)
        if let second = recorded["second.input"] {
            let secondTargets = try tensor("second.labels").oneHot(classCount: classCount)
            input = try .concatenated([input, second])
            targets = try .concatenated([targets, secondTargets])
        }
        if mistake == .targetsInOtherOrder {
            let count = try targets.shape[0]
            targets = try .concatenated([
                targets.rows(1, count: count - 1), targets.rows(0, count: 1),
            ])
        }
        return (input, targets)
    }

    private func draw(_ step: Int, _ mistake: Mistake?) throws -> MixDraw {
        let layer = try #require(Int(text("layer")))
        let lambdas = try tensor("lambda").rows(step, count: 1).scalars(as: Double.self)
        let pairing: MixDraw.Pairing
        if let permutations = recorded["permutation"] {
            pairing = .permutation(try permutations.rows(step, count: 1).reshaped([-1]))
        } else {
            pairing = .halves
        }
        return MixDraw(
            layer: mistake == .otherLayer ? (layer + 1) % 3 : layer,
            lambdas: mistake == .exchangedLambda ? lambdas.map { 1 - $0 } : lambdas,
            pairing: pairing,
            blocksGradients: try text("variant") == "blocked-gradients"
        )
    }
}
