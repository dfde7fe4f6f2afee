import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// A trained classifier that says what it takes new examples for, and how sure it is.
///
/// ```swift
/// let predictor = try Predictor(SavedModel(path: "runs/first"))
/// let reader = predictor.reader(["images"])
/// for case .success(let input) in reader.next(100) {
///     print(input.name, try predictor([input])[0].best.className)
/// }
/// ```
public struct Predictor {
    /// The network, with its weights.
    public let model: any Classifier
    /// What it takes and returns.
    public let description: ModelDescription
    /// The temperature of the calibrated probabilities; `nil` for none.
    public let temperature: ModelDescription.FittedTemperature?

    /// Takes a network and what is known of it.
    public init(
        _ model: any Classifier,
        description: ModelDescription,
        temperature: ModelDescription.FittedTemperature? = nil
    ) {
        self.model = model
        self.description = description
        self.temperature = temperature
    }

    /// Builds a network that was read back.
    ///
    /// - Parameters:
    ///   - saved: the network, from a run, a checkpoint or a file.
    ///   - calibrates: whether a temperature is taken along, and fitted where it is not known yet: to
    ///     the held-out examples of the run, which loads its data, on the CPU.
    ///   - device: where the network computes.
    /// - Throws: `WeightsError`, or `DataError` where the run's data cannot be loaded, or `TorchError`
    ///   for a device that is not there.
    public init(_ saved: SavedModel, calibrates: Bool = true, device: Device = .cpu) throws {
        let model = try saved.makeModel()
        // Convolutions are faster so.
        try model.useChannelsLast()
        let temperature = calibrates ? try saved.fittedTemperature(of: model) : nil
        try model.move(to: device)
        self.init(model, description: saved.description, temperature: temperature)
    }

    /// Reads inputs in the form that the network takes.
    ///
    /// - Parameters:
    ///   - paths: image files, folders of them, tables, IDX files; `-` is a table on standard input.
    ///   - resizes: whether images of another size are brought to the network's, by bilinear
    ///     interpolation with antialiasing and without regard to their proportions.
    ///   - convertsToGrey: whether colours are given up where the network takes grey images.
    ///   - isLabelled: whether the last column of a table is a label.
    public func reader(
        _ paths: [String],
        resizes: Bool = false,
        convertsToGrey: Bool = false,
        isLabelled: Bool = false
    ) -> InputReader {
        InputReader(
            paths,
            format: description.input,
            options: InputReader.Options(
                resize: resizes ? Self.resized : nil,
                convertsToGrey: convertsToGrey,
                isLabelled: isLabelled
            )
        )
    }

    /// What the network takes some examples for, all at once.
    ///
    /// - Parameters:
    ///   - inputs: the examples, in the form of ``reader(_:resizes:convertsToGrey:isLabelled:)``.
    ///   - top: the number of candidates of each, 1 to the number of classes.
    /// - Returns: one prediction for each.
    /// - Throws: `MixupError` for weights that give no finite logits, `TorchError` for examples that do
    ///   not fit.
    public func callAsFunction(_ inputs: [Input], top: Int = 1) throws -> [ClassPrediction] {
        guard !inputs.isEmpty else { return [] }
        let precision = description.precision
        let device = try model.device
        let batch = try Tensor(
            inputs.flatMap(\.values),
            shape: [inputs.count] + description.input.shape,
            device: device
        ).to(precision.dtype)
        let logits = try withoutGradients {
            try withBFloat16Autocast(precision == .bfloat16, on: device) {
                try model(batch, ForwardPass())
            }.to(.cpu).to(.float64).scalars(as: Double.self)
        }
        let probabilities = try ClassProbabilities(
            logits: logits,
            classCount: description.classNames.count
        )
        let calibrated = temperature.map { probabilities.tempered($0.value) }
        return inputs.indices.map { example in
            let row = probabilities.row(example)
            // Of equals, the first class comes first.
            let order = row.sorted {
                (probabilities.logarithms[$1], $0) < (probabilities.logarithms[$0], $1)
            }
            return ClassPrediction(
                candidates: order.prefix(max(top, 1)).map { position in
                    ClassPrediction.Candidate(
                        index: position - row.lowerBound,
                        className: description.classNames[position - row.lowerBound],
                        probability: exp(probabilities.logarithms[position]),
                        calibrated: calibrated.map { exp($0.logarithms[position]) }
                    )
                }
            )
        }
    }

    /// An image in another size.
    @Sendable
    private static func resized(_ image: InputPixels, height: Int, width: Int) throws -> [UInt8] {
        try Tensor(image.values, shape: [1] + image.shape)
            .resizedImages(height: height, width: width)
            .scalars()
    }
}
