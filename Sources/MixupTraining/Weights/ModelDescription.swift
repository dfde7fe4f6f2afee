import Foundation
import LibTorch
import MixupData

/// What a file of weights says beside them: the network, what it takes and what it returns, so that the
/// file alone is enough to build it again and to predict.
///
/// A run's checkpoints and exported files carry it as JSON, in the metadata of the safetensors file under
/// the key `manifold-mixup`. Other programs may ignore it.
public struct ModelDescription: Equatable, Sendable {
    /// The network, as a recipe's section `model` says it.
    public var model: Recipe.Model
    /// What it takes.
    public var input: InputFormat
    /// The classes' names, in the order of the logits.
    public var classNames: [String]
    /// The arithmetic that it was trained in.
    public var precision: Precision
    /// Where the weights come from.
    public var origin: Origin
    /// The temperature that makes its probabilities honest; `nil` where none was fitted.
    public var temperature: FittedTemperature?

    /// Where weights come from.
    public struct Origin: Codable, Equatable, Sendable {
        /// The training part's name, such as "digits train".
        public var data: String
        /// The method, such as "manifold-mixup".
        public var method: String
        /// The number of complete epochs.
        public var epoch: Int
        /// The number of steps.
        public var step: Int
        /// Whether they are a moving average of the weights that were trained.
        public var isAverage: Bool

        /// What is known of a training.
        public init(
            data: String,
            method: String,
            epoch: Int,
            step: Int,
            isAverage: Bool = false
        ) {
            self.data = data
            self.method = method
            self.epoch = epoch
            self.step = step
            self.isAverage = isAverage
        }

        enum CodingKeys: String, CodingKey {
            case data, method, epoch, step
            case isAverage = "average"
        }
    }

    /// A temperature, and the number of held-out examples that it was fitted to.
    public struct FittedTemperature: Codable, Equatable, Sendable {
        /// What logits are divided by, above 0.
        public var value: Double
        /// The number of examples.
        public var exampleCount: Int

        /// A temperature that was fitted to so many examples.
        public init(value: Double, exampleCount: Int) {
            self.value = value
            self.exampleCount = exampleCount
        }

        enum CodingKeys: String, CodingKey {
            case value
            case exampleCount = "examples"
        }
    }

    /// Puts a description together.
    public init(
        model: Recipe.Model,
        input: InputFormat,
        classNames: [String],
        precision: Precision,
        origin: Origin,
        temperature: FittedTemperature? = nil
    ) {
        self.model = model
        self.input = input
        self.classNames = classNames
        self.precision = precision
        self.origin = origin
        self.temperature = temperature
    }

    /// The network, its inputs and its classes in a few words.
    public var summary: String {
        "\(model.summary) for inputs of shape \(input.shape) and \(classNames.count) classes"
    }

    /// What a run's weights are, at a point of its training.
    init(recipe: Recipe, trainedOn data: Dataset, at position: TrainingPosition) throws {
        var model = recipe.model
        model.initialWeights = nil
        self.init(
            model: model,
            input: try data.inputFormat,
            classNames: data.classNames,
            precision: recipe.training.precision,
            origin: Origin(
                data: data.name,
                method: recipe.method.name.rawValue,
                epoch: position.epoch,
                step: position.step
            )
        )
    }
}

// The form in a file.
extension ModelDescription {
    /// The key in the metadata.
    static let metadataKey = "manifold-mixup"
    /// The layout that this version writes and reads.
    private static let currentFormat = 1

    private struct Content: Codable {
        var format: Int
        var version: String
        var model: Section
        var input: InputFormat
        var classes: [String]
        var precision: Precision
        var origin: Origin
        var temperature: FittedTemperature?

        enum CodingKeys: CodingKey {
            case format, version, model, input, classes, precision, origin, temperature
        }
    }

    /// The section `model`, as far as it means something. It is read by the recipe's own reader, which
    /// has the rules, so that nothing is decoded here.
    private struct Section: Codable {
        var model = Recipe.Model()

        init(_ model: Recipe.Model) {
            self.model = model
        }

        init(from decoder: any Decoder) throws {}

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Recipe.Model.CodingKeys.self)
            for (key, value) in model.entries where key != .initialWeights {
                guard let value = value as? any Encodable else { continue }
                try container.encode(value, forKey: key)
            }
        }
    }

    /// The bytes of a safetensors file with a network's weights, under the names of PyTorch's state_dict,
    /// and with this description.
    ///
    /// - Throws: `TorchError` if a name occurs twice.
    public func encoded(_ model: any Module) throws -> Data {
        let tensors = model.stateDictionary().map { ($0.name, $0.tensor) }
        return try Safetensors(tensors: tensors, metadata: metadata()).encoded()
    }

    /// The metadata of a safetensors file, `format` being what PyTorch's own files say.
    func metadata() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = Content(
            format: Self.currentFormat,
            version: packageVersion,
            model: Section(model),
            input: input,
            classes: classNames,
            precision: precision,
            origin: origin,
            temperature: temperature
        )
        let json = String(decoding: try encoder.encode(content), as: UTF8.self)
        return ["format": "pt", Self.metadataKey: json]
    }

    /// Reads the metadata of a safetensors file; `nil` where they say nothing of this.
    ///
    /// - Throws: `WeightsError.unreadable` for a description that cannot be, and `RecipeError` for a
    ///   network that cannot be; both name the file.
    init?(metadata: [String: String], path: String) throws {
        guard let json = metadata[Self.metadataKey] else { return nil }
        func unreadable(_ reason: String) -> WeightsError {
            .unreadable(file: path, reason: "its description of the model \(reason)")
        }
        let content: Content
        let section: String
        do {
            content = try JSONDecoder().decode(Content.self, from: Data(json.utf8))
            section = try Self.section(of: Data(json.utf8))
        } catch let error as DataError {
            throw unreadable("is impossible: \(error)")
        } catch {
            throw unreadable("is damaged, or of another version of manifold-mixup")
        }
        guard content.format == Self.currentFormat else {
            throw unreadable("has the format \(content.format); use the version that wrote it")
        }
        guard content.classes.count > 1, Set(content.classes).count == content.classes.count else {
            throw unreadable("needs two or more classes of different names")
        }
        if let temperature = content.temperature {
            guard temperature.value.isFinite, temperature.value > 0, temperature.exampleCount > 0
            else { throw unreadable("has the impossible temperature \(temperature.value)") }
        }
        // JSON is YAML too.
        model = try Recipe.parse(yaml: "model: \(section)", source: path).model
        model.initialWeights = nil
        input = content.input
        classNames = content.classes
        precision = content.precision
        origin = content.origin
        temperature = content.temperature
    }

    /// The text of the section `model`.
    private static func section(of json: Data) throws -> String {
        let object = try JSONSerialization.jsonObject(with: json) as? [String: Any]
        guard let section = object?[Content.CodingKeys.model.stringValue] as? [String: Any] else {
            throw CocoaError(.coderValueNotFound)
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: section), as: UTF8.self)
    }
}
