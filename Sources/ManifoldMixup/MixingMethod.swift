import LibTorch

/// A way to change minibatches in training: settings from which every minibatch draws anew.
///
/// ``Mixup``, ``CutMix``, ``Cutout`` and ``MixingPolicy`` are such, and a type of your own can be.
public protocol MixingMethod: Sendable {
    /// What the method is, for a reader: its name, and where it mixes.
    var summary: String { get }
    /// Whether minibatches come with a second one behind them; ``Mixup/Partner/separate``.
    var usesSecondMinibatch: Bool { get }

    /// The settings as they are meant for one model and its examples.
    ///
    /// - Parameters:
    ///   - model: what is trained.
    ///   - inputShape: the shape of one example, [C, H, W] or [D].
    /// - Throws: `MixupError` if the method does not fit the model or the examples.
    func resolved(for model: any Classifier, inputShape: [Int]) throws -> Self

    /// Draws what becomes of one minibatch.
    ///
    /// Whatever is random comes from streams that are made for it. See ``RandomStreams``.
    ///
    /// - Parameters:
    ///   - batchSize: the number of examples, without those of a second minibatch; any from 1.
    ///   - inputShape: the shape of one example, [C, H, W] or [D].
    ///   - progress: how far the training is.
    ///   - streams: everything random.
    /// - Returns: `nil` for a minibatch that stays as it is.
    func draw(
        batchSize: Int,
        inputShape: [Int],
        progress: MixingProgress,
        streams: RandomStreams
    ) throws -> (any MinibatchDraw)?
}

extension MixingMethod {
    /// No.
    public var usesSecondMinibatch: Bool { false }
}

/// What was drawn for one minibatch, as a value that is handed to one step.
///
/// ``Classifier/trainingPass(_:targets:mixing:dropoutGenerator:statisticsGroup:)`` applies it; neither the model nor
/// the loss knows of it.
public protocol MinibatchDraw {
    /// The name of the method, as recipes and logs spell it.
    var method: String { get }
    /// The boundary at which the state is changed; 0 is the input.
    var layer: Int { get }
    /// The weight of an example in its own target: one for all examples, one for each, or none where
    /// targets stay as they are.
    var lambdas: [Double] { get }
    /// Whether the rows are two minibatches one after the other.
    var usesSecondMinibatch: Bool { get }

    /// The state at the boundary, [N, …], as the model goes on with it.
    func mixedState(_ state: Tensor) throws -> Tensor

    /// The targets [N, C] that belong to it.
    func mixedTargets(_ targets: Tensor) throws -> Tensor
}

extension MinibatchDraw {
    /// No.
    public var usesSecondMinibatch: Bool { false }

    /// The mean of the λ, if there are any.
    public var meanLambda: Double? {
        lambdas.isEmpty ? nil : lambdas.reduce(0, +) / Double(lambdas.count)
    }
}

/// The height and the width of images.
///
/// - Throws: `MixupError` unless the examples are images [C, H, W].
func imageSize(of inputShape: [Int], for method: String) throws -> (height: Int, width: Int) {
    guard inputShape.count == 3, inputShape.allSatisfy({ $0 > 0 }) else {
        throw MixupError(
            "\(method) is for images [C, H, W], but an example has the shape \(inputShape); choose "
                + "manifold-mixup or input-mixup"
        )
    }
    return (inputShape[1], inputShape[2])
}

extension ImageBox {
    /// A box around a uniformly drawn pixel, cut off at the border of the image.
    ///
    /// With an even number of rows the pixel is the first below the middle; columns likewise.
    static func around(
        height: Int,
        width: Int,
        image: (height: Int, width: Int),
        from generator: Generator
    ) throws -> ImageBox {
        let centre = try generator.uniforms(2)
        func side(_ length: Int, of border: Int, at uniform: Double) -> Range<Int> {
            let start = min(Int(uniform * Double(border)), border - 1) - length / 2
            return max(start, 0)..<min(start + length, border)
        }
        return ImageBox(
            rows: side(height, of: image.height, at: centre[0]),
            columns: side(width, of: image.width, at: centre[1])
        )
    }
}
