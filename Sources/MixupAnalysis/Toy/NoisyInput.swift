import LibTorch
import ManifoldMixup

/// A classifier whose inputs get normal noise in training, and only there.
public final class NoisyInput: Classifier {
    /// The classifier itself.
    public let model: any Classifier
    /// The noise's standard deviation, in units of the input.
    public let standardDeviation: Double

    /// Wraps a classifier; its weights stay its own.
    ///
    /// - Parameters:
    ///   - model: the classifier.
    ///   - standardDeviation: of the noise, in units of the input, from 0.
    public init(_ model: any Classifier, standardDeviation: Double) {
        self.model = model
        self.standardDeviation = standardDeviation
    }

    /// The sites of the classifier.
    public var mixingSites: [String] { model.mixingSites }
    /// The parts of the classifier, under their own names.
    public var children: [(name: String, module: any Module)] { model.children }
    /// The tensors of the classifier.
    public var ownTensors: [NamedTensor] { model.ownTensors }

    /// Computes the logits, in training of an input with noise from the pass's dropout generator.
    ///
    /// - Throws: `TorchError` in training without such a generator.
    public func callAsFunction(_ input: Tensor, _ pass: ForwardPass) throws -> Tensor {
        guard pass.isTraining else { return try model(input, pass) }
        guard let generator = pass.dropoutGenerator else {
            throw TorchError("noise in training needs a ForwardPass with a dropout generator")
        }
        let noise = try Tensor.zeros(input.shape, dtype: input.dtype)
        try generator.fillNormal(noise, standardDeviation: standardDeviation)
        return try model(input + noise, pass)
    }
}
