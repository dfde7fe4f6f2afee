import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining

/// A network of the toy that was trained with one method and one seed.
public struct ToyTraining {
    /// The method.
    public let method: ComparedMethod
    /// The seed of everything random, the examples included.
    public let seed: UInt64
    /// How it was made and trained.
    public let settings: ToySettings
    /// The trained network.
    public let network: MLP
    /// What it learned from, and what it is judged by.
    public let data: DataSplits
    /// The result on the fresh examples.
    public let evaluation: Evaluation

    /// Draws the examples and trains.
    ///
    /// Networks with the same seed see the same examples and start from the same weights.
    /// - Parameters:
    ///   - method: what Figure 2 compares.
    ///   - seed: of everything random.
    ///   - settings: how the network is made and trained.
    /// - Throws: `TrainingError` if the training blows up, and what wrong settings cause.
    public init(_ method: ComparedMethod, seed: UInt64, settings: ToySettings) throws {
        self.method = method
        self.seed = seed
        self.settings = settings
        let examples = try Generator(seed: seed &+ 1_000_000)
        data = try DataSplits(
            train: Spirals.dataset(perClass: settings.perClass, generator: examples),
            test: Spirals.dataset(
                perClass: settings.testPerClass,
                generator: examples,
                name: "spirals test"
            )
        )
        let streams = try RandomStreams(seed: seed)
        network = try settings.network(method, streams: streams)
        let model: any Classifier =
            method == .inputNoise
            ? NoisyInput(network, standardDeviation: settings.noise / Spirals.unit) : network
        let trainer = try Trainer(
            model,
            data: data,
            optimizer: Adam(
                model,
                learningRate: settings.learningRate,
                weightDecay: method == .weightDecay ? settings.weightDecay : 0
            ),
            settings: settings.training(method),
            streams: streams
        )
        try trainer.run()
        evaluation = try network.evaluate(on: data.test)
    }

    /// The positions of the examples that were learned from, by class.
    public func examples() throws -> [[PlanePoint]] {
        let input = try data.train.minibatch(0..<data.train.count)
        let points = try PlanePoint.rows(of: Tensor(input.features, shape: input.shape))
        return byClass(points.map { PlanePoint($0.x * Spirals.unit, $0.y * Spirals.unit) })
    }

    /// The bottleneck's states of the examples that were learned from, by class.
    public func codes() throws -> [[PlanePoint]] {
        byClass(
            try PlanePoint.rows(
                of: network.hiddenMatrix(at: settings.bottleneck, of: data.train)
            )
        )
    }

    /// The bottleneck's states of inputs drawn uniformly from the window.
    ///
    /// - Parameter count: how many.
    public func codesOfRandomInputs(_ count: Int) throws -> [PlanePoint] {
        let input = try Tensor.zeros([count, 2])
        try Generator(seed: seed &+ 2_000_000).fillUniform(
            input,
            low: Spirals.window.lowerBound / Spirals.unit,
            high: Spirals.window.upperBound / Spirals.unit
        )
        return try PlanePoint.rows(of: network.hiddenStates(at: settings.bottleneck, of: input))
    }

    private func byClass(_ points: [PlanePoint]) -> [[PlanePoint]] {
        (0..<data.train.classCount).map { label in
            zip(points, data.train.labels).filter { $1 == label }.map { $0.0 }
        }
    }
}
