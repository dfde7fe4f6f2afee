import LibTorch
import ManifoldMixup
import MixupData
import MixupModels

@testable import MixupTraining

/// The same training by the fused engine and by autograd, from equal weights and equal random streams.
struct EnginePair {
    typealias MakeModel = (
        _ shape: [Int], _ generator: Generator, _ dtype: DType
    ) throws -> any Classifier

    let fused: Trainer
    let autograd: Trainer
    /// The same by autograd in double precision.
    let exact: Trainer

    init(
        _ mixup: (any MixingMethod)? = try? Mixup.manifoldMixup(),
        shape: [Int] = [5],
        count: Int = 70,
        batchSize: Int = 9,
        learningRate: Double = 0.1,
        momentum: Double = 0.9,
        nesterov: Bool = true,
        loss: MixupLoss = .softCrossEntropy,
        precision: Precision = .float32,
        clipNorm: Double? = nil,
        emaDecay: Double? = nil,
        model: MakeModel
    ) throws {
        let data = try DataSplits(
            train: TestData.blobs(count: count, shape: shape),
            test: TestData.blobs(count: 40, shape: shape, seed: 2)
        )
        func make(_ engine: TrainingEngine, _ precision: Precision) throws -> Trainer {
            let streams = try RandomStreams(seed: 3)
            let model = try model(shape, streams[.initialization], precision.dtype)
            return try Trainer(
                model,
                data: data,
                optimizer: SGD(
                    model,
                    learningRate: learningRate,
                    momentum: momentum,
                    nesterov: nesterov,
                    weightDecay: 1e-3
                ),
                settings: TrainingSettings(
                    epochs: 100,
                    batchSize: batchSize,
                    mixup: mixup,
                    loss: loss,
                    precision: precision,
                    clipNorm: clipNorm,
                    emaDecay: emaDecay,
                    engine: engine
                ),
                streams: streams
            )
        }
        fused = try make(.fused, precision)
        autograd = try make(.autograd, precision)
        exact = try make(.autograd, .float64)
        // Drawn in another precision, the first weights would be others.
        for (target, source) in zip(
            exact.model.stateDictionary(),
            autograd.model.stateDictionary()
        ) {
            try target.tensor.copyElements(from: source.tensor)
        }
    }

    /// The losses of 14 steps of a training, over the ends of epochs.
    static func losses(_ trainer: Trainer) throws -> [Double] {
        try (0..<14).map { _ in
            if trainer.position.batch == trainer.batchesPerEpoch { trainer.startNextEpoch() }
            return try trainer.step().loss
        }
    }

    /// The largest distance of two curves, relative.
    static func distance(_ losses: [Double], _ expected: [Double]) -> Double {
        zip(losses, expected).map { abs($0 - $1) / abs($1) }.max() ?? 0
    }

    /// Runs two of the trainings and returns the distance of their losses.
    static func lossDistance(_ first: Trainer, _ second: Trainer) throws -> Double {
        try distance(losses(first), losses(second))
    }

    /// The distance of the fused engine's losses from autograd's.
    func lossDistance() throws -> Double {
        try Self.lossDistance(fused, autograd)
    }

    /// The largest distance of two tensors of the models' states, running statistics included, over
    /// the largest number of the tensor.
    ///
    /// - Parameter isIncluded: which tensors count, by their names.
    func stateDistance(where isIncluded: (_ name: String) -> Bool = { _ in true }) throws -> Double
    {
        let pairs = zip(fused.model.stateDictionary(), autograd.model.stateDictionary())
            .filter { isIncluded($0.0.name) }
        return try pairs.map { first, second in
            let (x, y) = (
                try first.tensor.to(.float64).scalars(as: Double.self),
                try second.tensor.to(.float64).scalars(as: Double.self)
            )
            let largest = y.map(abs).max() ?? 0
            return (zip(x, y).map { abs($0 - $1) }.max() ?? 0) / max(largest, 1e-12)
        }.max() ?? 0
    }

    /// Takes one step with each, and returns the largest distances of all gradients from those in
    /// double precision, and the largest gradient.
    func gradientDistances() throws -> (fused: Double, autograd: Double, largest: Double) {
        // Behind the first step, the momentum is the gradient.
        func gradients(_ trainer: Trainer) throws -> [Double] {
            _ = try trainer.step()
            return try trainer.optimizer.state.flatMap {
                try $0.tensor.to(.float64).scalars(as: Double.self)
            }
        }
        let expected = try gradients(exact)
        func distance(_ found: [Double]) -> Double {
            zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        }
        return (
            distance(try gradients(fused)), distance(try gradients(autograd)),
            expected.map(abs).max() ?? 0
        )
    }
}
