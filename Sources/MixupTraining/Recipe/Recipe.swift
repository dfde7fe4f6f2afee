import Foundation
import ManifoldMixup
import Yams

/// Everything that decides a training run: the data, the network, the method and the protocol.
///
/// A recipe is a YAML file. Every key has a default, so two lines are a whole recipe:
///
/// ```yaml
/// data: { source: mnist }
/// method: { name: manifold-mixup }
/// ```
///
/// ``yaml()`` writes the recipe back with every setting spelled out; that text is what a run
/// keeps, and reading it gives the same recipe again, bit for bit. A key that a later version
/// adds has a default too, so the recipes of old runs stay readable.
///
/// The synthesised `Codable` form is complete: it needs every key. Keep recipes as YAML.
public struct Recipe: Codable, Equatable, Sendable {
    /// Which data set to train and test on.
    public var data: Data
    /// How training images are changed at random.
    public var augmentation: Augmentation
    /// The network.
    public var model: Model
    /// Whether and where to mix.
    public var method: Method
    /// What training minimises (default: soft cross entropy).
    public var loss: MixupLoss
    /// How the weights follow the gradient.
    public var optimizer: Optimizer
    /// How the learning rate changes over the epochs.
    public var schedule: Schedule
    /// How long, in which batches and in which precision.
    public var training: Training

    /// A recipe whose sections are the given ones, or their defaults.
    public init(
        data: Data = Data(),
        augmentation: Augmentation = Augmentation(),
        model: Model = Model(),
        method: Method = Method(),
        loss: MixupLoss = .softCrossEntropy,
        optimizer: Optimizer = Optimizer(),
        schedule: Schedule = Schedule(),
        training: Training = Training()
    ) {
        self.data = data
        self.augmentation = augmentation
        self.model = model
        self.method = method
        self.loss = loss
        self.optimizer = optimizer
        self.schedule = schedule
        self.training = training
    }

    enum CodingKeys: String, SectionKey {
        case data, augmentation, model, method, loss, optimizer, schedule, training
    }

    /// Reads a recipe from a file of at most 1 MiB, or a bundled one by its name.
    ///
    /// The recipe may say `extends: OTHER`: the path of another one, from its own folder, or the
    /// name of a bundled one. It then needs to say only what differs.
    ///
    /// Throws ``RecipeError`` when the file cannot be read, is not YAML, or is not a valid recipe.
    public static func load(_ path: String) throws(RecipeError) -> Recipe {
        let file = BundledRecipes.path(of: path, in: nil) ?? path
        return try parse(
            yaml: RecipeFile.read(file),
            source: path,
            folder: BundledRecipes.folder(of: file)
        )
    }

    /// Reads a recipe from YAML text; `source` names the text in error messages.
    ///
    /// Throws ``RecipeError`` when the text is not YAML or not a valid recipe, and where it
    /// extends another one.
    public static func parse(yaml: String, source: String) throws(RecipeError) -> Recipe {
        try parse(yaml: yaml, source: source, folder: nil)
    }

    private static func parse(
        yaml: String,
        source: String,
        folder: String?
    ) throws(RecipeError) -> Recipe {
        let root = try RecipeDocument.root(of: yaml, source: source)
        return try Recipe(
            reading: RecipeInheritance.resolve(root, source: source, folder: folder),
            source: source
        )
    }

    /// Reads the tree of a recipe that extends no other, or not any more.
    init(reading root: Node, source: String) throws(RecipeError) {
        let reader = try SectionReader<CodingKeys>(node: root, name: nil, source: source, line: 1)
        self.init(
            data: try Data(reading: reader.section(.data)),
            augmentation: try Augmentation(reading: reader.section(.augmentation)),
            model: try Model(reading: reader.section(.model)),
            method: try Method(reading: reader.section(.method)),
            loss: try reader.value(.loss) ?? .softCrossEntropy,
            optimizer: try Optimizer(reading: reader.section(.optimizer)),
            schedule: try Schedule(reading: reader.section(.schedule)),
            training: try Training(reading: reader.section(.training))
        )
        try validate(source: source)
    }

    /// The whole recipe as YAML, defaults included; parsing it gives an equal recipe.
    public func yaml() -> String {
        var text = ""
        func write<Section: RecipeSection>(_ key: CodingKeys, _ section: Section) {
            text += "\(key.stringValue):\n"
            for (key, value) in section.entries {
                text += "  \(key.stringValue): \(value.yaml)\n"
            }
        }
        write(.data, data)
        write(.augmentation, augmentation)
        write(.model, model)
        write(.method, method)
        text += "\(CodingKeys.loss.stringValue): \(loss.yaml)\n"
        write(.optimizer, optimizer)
        write(.schedule, schedule)
        write(.training, training)
        return text
    }

    /// Refuses a recipe that no run could follow; `source` names the recipe in the message.
    ///
    /// Throws ``RecipeError`` for the first impossible value.
    public func validate(source: String = "recipe") throws(RecipeError) {
        try data.check(SectionRules(source: source, section: CodingKeys.data.stringValue))
        try augmentation.check(
            SectionRules(source: source, section: CodingKeys.augmentation.stringValue)
        )
        try model.check(SectionRules(source: source, section: CodingKeys.model.stringValue))
        try method.check(SectionRules(source: source, section: CodingKeys.method.stringValue))
        try optimizer.check(SectionRules(source: source, section: CodingKeys.optimizer.stringValue))
        let schedule = SectionRules<Schedule.CodingKeys>(
            source: source,
            section: CodingKeys.schedule.stringValue
        )
        try self.schedule.check(schedule)
        let training = SectionRules<Training.CodingKeys>(
            source: source,
            section: CodingKeys.training.stringValue
        )
        try self.training.check(training)

        try schedule.require(
            self.schedule.warmupEpochs == 0 || self.schedule.warmupEpochs < self.training.epochs,
            .warmupEpochs,
            found: self.schedule.warmupEpochs,
            allowed: "fewer epochs than training.epochs, which is \(self.training.epochs)"
        )
        try training.require(
            !model.batchNorm || self.training.batchSize > 1,
            .batchSize,
            found: self.training.batchSize,
            allowed: "2 or more with model.batch-norm, which needs several rows"
        )
        try checkEligibleLayers(
            SectionRules(source: source, section: CodingKeys.method.stringValue)
        )
    }

    /// Refuses a boundary that the network will not have; the model is not built for that.
    private func checkEligibleLayers(
        _ rules: SectionRules<Method.CodingKeys>
    ) throws(RecipeError) {
        guard method.name != .noMixup, let layers = method.layers else { return }
        let sites = model.mixingSites
        let known = ["0 (input)"] + sites.enumerated().map { "\($0 + 1) (\($1))" }
        try rules.require(
            layers.allSatisfy { $0 <= sites.count },
            .layers,
            found: layers,
            allowed: "the boundaries of this model: " + known.prefix(16).joined(separator: ", ")
                + (known.count > 16 ? ", … to \(sites.count)" : "")
        )
    }

    /// The key paths of every setting, in the order in which they are written.
    static let keyPaths: [String] = {
        func paths<Key: SectionKey>(_ section: CodingKeys, _ keys: Key.Type) -> [String] {
            keys.allCases.map { "\(section.stringValue).\($0.stringValue)" }
        }
        return paths(.data, Data.CodingKeys.self)
            + paths(.augmentation, Augmentation.CodingKeys.self)
            + paths(.model, Model.CodingKeys.self)
            + paths(.method, Method.CodingKeys.self)
            + [CodingKeys.loss.stringValue]
            + paths(.optimizer, Optimizer.CodingKeys.self)
            + paths(.schedule, Schedule.CodingKeys.self)
            + paths(.training, Training.CodingKeys.self)
    }()
}
