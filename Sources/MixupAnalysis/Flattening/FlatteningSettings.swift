import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import MixupTraining

/// How the networks of the flattening experiment are made and trained: the same for every method but for
/// what the method is.
public struct FlatteningSettings: Sendable, Codable, Equatable {
    /// The data set's name.
    public var source = "mnist"
    /// The most training examples of every class.
    public var perClass = 1000
    /// The units of every hidden layer but the one that is measured.
    public var width = 256
    /// The number of times that every example is seen.
    public var epochs = 20
    /// The examples in a minibatch.
    public var batchSize = 100
    /// Adam's first step size; half a cosine takes it to zero.
    public var learningRate = 1e-3
    /// What falls.
    public var loss = MixupLoss.softCrossEntropy
    /// Of the method weight decay.
    public var weightDecay = 1e-3
    /// The probability of the method dropout.
    public var dropout = 0.5
    /// The α of Input Mixup.
    public var inputAlpha = 1.0
    /// The α of Manifold Mixup.
    public var manifoldAlpha = 2.0

    /// The settings for a scale. At `smoke` the data are the bundled digits; at `paper` all is the
    /// paper's that it gives (width, α), and the rest that of the script which the authors published
    /// in 2018 (5,000 examples of each class, Adam, 30 epochs, binary cross entropy).
    public init(_ scale: ExperimentScale) {
        switch scale {
        case .smoke:
            source = "digits"
            width = 64
            epochs = 80
            learningRate = 3e-3
        case .quick:
            break
        case .paper:
            perClass = 5000
            width = 1024
            epochs = 30
            batchSize = 256
            learningRate = 1e-4
            loss = .paperBinaryCrossEntropy
        }
    }

    /// Loads the examples.
    ///
    /// - Throws: `DataError` where the data set is not found.
    func loadData(dataDirectory: String?) throws -> DataSplits {
        try DataSource.load([source], dataDirectory: dataDirectory)
            .limited(perClass: perClass, seed: 0)
    }

    /// Makes a network for examples of `shape`.
    func network(
        _ network: FlatteningNetwork,
        _ method: ComparedMethod,
        shape: [Int],
        classCount: Int,
        streams: RandomStreams
    ) throws -> MLP {
        try MLP(
            inputShape: shape,
            widths: network.widths(width),
            classCount: classCount,
            activation: .leakyReLU,
            dropout: method == .dropout ? dropout : 0,
            bottleneck: network.bottleneck,
            generator: streams[.initialization]
        )
    }

    /// The protocol of a training.
    func training(_ network: FlatteningNetwork, _ method: ComparedMethod) throws -> TrainingSettings
    {
        let mixup: Mixup? =
            switch method {
            case .inputMixup: try .inputMixup(alpha: inputAlpha)
            case .manifoldMixup:
                try .manifoldMixup(alpha: manifoldAlpha, layers: [network.boundary])
            default: nil
            }
        return TrainingSettings(
            epochs: epochs,
            batchSize: batchSize,
            mixup: mixup,
            loss: loss,
            evaluateEvery: epochs
        )
    }
}
