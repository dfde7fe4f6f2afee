import LibTorch
import ManifoldMixup
import MixupModels
import MixupTraining

/// How the toy's networks are made and trained: the same for every method but for what the method is.
public struct ToySettings: Sendable, Codable, Equatable {
    /// The examples of each class to learn from.
    public var perClass = 200
    /// The fresh examples of each class to judge by.
    public var testPerClass = 500
    /// The units of every hidden layer but the bottleneck.
    public var width = 128
    /// The hidden layers before the bottleneck.
    public var layersBefore = 4
    /// The hidden layers between the bottleneck and the output.
    public var layersBehind = 3
    /// The number of times that every example is seen.
    public var epochs = 750
    /// The examples in a minibatch.
    public var batchSize = 100
    /// Adam's first step size; half a cosine takes it to zero.
    public var learningRate = 1e-3
    /// Of the method weight decay.
    public var weightDecay = 1e-3
    /// The standard deviation of the method input noise, in units of the plane.
    public var noise = 1.0
    /// The probability of the method dropout.
    public var dropout = 0.5
    /// The α of Input Mixup.
    public var inputAlpha = 1.0
    /// The α of Manifold Mixup.
    public var manifoldAlpha = 2.0
    /// The rows and columns of a map.
    public var resolution = 121

    /// The settings for a scale; at `paper` the network has nine layers of 1024 units.
    public init(_ scale: ExperimentScale) {
        switch scale {
        case .smoke:
            width = 64
            layersBefore = 2
            layersBehind = 2
            epochs = 400
            learningRate = 3e-3
            resolution = 81
        case .quick:
            break
        case .paper:
            width = 1024
            epochs = 2500
            learningRate = 1e-4
            resolution = 151
        }
    }

    /// The boundary behind the bottleneck, which has two units.
    public var bottleneck: Int { layersBefore + 1 }

    /// Makes a network.
    func network(_ method: ComparedMethod, streams: RandomStreams) throws -> MLP {
        let before = Array(repeating: width, count: layersBefore)
        let behind = Array(repeating: width, count: layersBehind)
        return try MLP(
            inputShape: [2],
            widths: before + [2] + behind,
            classCount: 2,
            activation: .leakyReLU,
            dropout: method == .dropout ? dropout : 0,
            batchNorm: method == .batchNorm,
            bottleneck: bottleneck,
            generator: streams[.initialization]
        )
    }

    /// The protocol of a training.
    func training(_ method: ComparedMethod) throws -> TrainingSettings {
        let mixup: Mixup? =
            switch method {
            case .inputMixup: try .inputMixup(alpha: inputAlpha)
            case .manifoldMixup: try .manifoldMixup(alpha: manifoldAlpha, layers: [bottleneck])
            default: nil
            }
        return TrainingSettings(
            epochs: epochs,
            batchSize: batchSize,
            mixup: mixup,
            evaluateEvery: epochs,
            workers: 0
        )
    }
}
