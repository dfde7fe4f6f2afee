import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining

/// One network, trained with one method and one seed, and its hidden states measured.
public struct FlatteningRun: Sendable, Codable, Equatable {
    /// The network.
    public let network: FlatteningNetwork
    /// The method.
    public let method: ComparedMethod
    /// The seed of everything random in the training.
    public let seed: UInt64
    /// How long training and measuring took.
    public let seconds: Double
    /// What was measured on the test set.
    public let measures: FlatteningMeasures
}

extension FlatteningRun {
    /// Trains and measures.
    ///
    /// Networks of one kind with the same seed start from the same weights and see the examples in the
    /// same order.
    /// - Throws: `TrainingError` if the training blows up, and what wrong settings cause.
    public init(
        _ network: FlatteningNetwork,
        _ method: ComparedMethod,
        seed: UInt64,
        data: DataSplits,
        settings: FlatteningSettings
    ) throws {
        let start = ContinuousClock.now
        let streams = try RandomStreams(seed: seed)
        let model = try settings.network(
            network,
            method,
            shape: data.train.shape,
            classCount: data.train.classCount,
            streams: streams
        )
        let trainer = try Trainer(
            model,
            data: data,
            optimizer: Adam(
                model,
                learningRate: settings.learningRate,
                weightDecay: method == .weightDecay ? settings.weightDecay : 0
            ),
            settings: settings.training(network, method),
            streams: streams
        )
        try trainer.run()
        let measures = FlatteningMeasures(
            evaluation: try model.evaluate(on: data.test),
            spectra: try model.spectrumReport(at: network.boundary, on: data.test)
        )
        self.init(
            network: network,
            method: method,
            seed: seed,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            measures: measures
        )
    }
}

/// How flat the classes are in a trained network: means over the classes, singular values as they are
/// unless they are called centred.
public struct FlatteningMeasures: Sendable, Codable, Equatable {
    /// The share of test examples with a wrong class, in 0...1.
    public let testError: Double
    /// The mean negative log likelihood on the test set.
    public let testNLL: Double
    /// The largest singular value of a class.
    public let largest: Double
    /// The sum of all others.
    public let sumOfOthers: Double
    /// The effective rank of a class.
    public let effectiveRank: Double
    /// The sum of the centred singular values of a class.
    public let centredSum: Double
    /// The sum of the singular values of the classes' means around the mean of all.
    public let betweenSum: Double
    /// How far the examples are from their class's mean over how far these are from the mean of all,
    /// both as root mean squares; it does not depend on the scale of the states.
    public let spreadRatio: Double
    /// The singular values of a class, in descending order.
    public let values: [Double]
    /// The singular values of all classes together.
    public let valuesOfAll: [Double]
}

extension FlatteningMeasures {
    init(evaluation: Evaluation, spectra: SpectrumReport) {
        let length = spectra.classes.map(\.spectra.uncentred.values.count).min() ?? 0
        self.init(
            testError: evaluation.error,
            testNLL: evaluation.negativeLogLikelihood,
            largest: spectra.classMean { $0.uncentred.largest },
            sumOfOthers: spectra.classMean { $0.uncentred.sumOfOthers },
            effectiveRank: spectra.classMean { $0.uncentred.effectiveRank },
            centredSum: spectra.classMean { $0.centred.values.reduce(0, +) },
            betweenSum: spectra.betweenClasses.values.reduce(0, +),
            spreadRatio: spectra.spreadRatio,
            values: (0..<length).map { index in
                spectra.classMean { $0.uncentred.values[index] }
            },
            valuesOfAll: spectra.all.uncentred.values
        )
    }
}
