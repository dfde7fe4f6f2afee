import Foundation
import LibTorch
import ManifoldMixup
import Testing

@testable import MixupTraining

@Suite("Recipes that are refused")
struct RecipeErrorTests {
    /// The message of the error, which must be one line that starts with the file.
    static func message(_ yaml: String, sourceLocation: SourceLocation = #_sourceLocation) -> String
    {
        do {
            _ = try Recipe.parse(yaml: yaml, source: "my.yaml")
            Issue.record("accepted: \(yaml)", sourceLocation: sourceLocation)
            return ""
        } catch {
            let text = error.description
            #expect(text.hasPrefix("my.yaml"), sourceLocation: sourceLocation)
            #expect(!text.hasLineBreak, sourceLocation: sourceLocation)
            #expect(text.count < 600, sourceLocation: sourceLocation)
            return text
        }
    }

    @Test(
        "An impossible value is named with its key, what was found and what is allowed",
        arguments: [
            ("method: { alpha: 0 }", "method.alpha: found 0.0"),
            ("method: { alpha: -1 }", "method.alpha: found -1.0"),
            ("method: { alpha: 1e999 }", "method.alpha: found inf"),
            ("method: { layers: [0, 0] }", "method.layers: found [0, 0]"),
            ("method: { layers: [-1] }", "method.layers: found [-1]"),
            ("method: { layers: [] }", "method.layers: found []"),
            ("method: { layer-weights: [1] }", "method.layer-weights: found [1.0]"),
            ("method: { layers: [0, 1], layer-weights: [1] }", "one weight for each of the 2"),
            ("method: { layers: [0, 1], layer-weights: [1, -1] }", "weights of 0 or more"),
            ("method: { layers: [0, 1], layer-weights: [0, 0] }", "a sum above 0"),
            ("method: { layers: [0, 1], layer-weights: [1e308, 1e308] }", "method.layer-weights"),
            ("method: { name: input-mixup, layers: [0, 1] }", "method.layers: found [0, 1]"),
            ("method: { name: input-mixup, layers: [1] }", "method.layers: found [1]"),
            ("method: { name: none, layers: [1] }", "method.layers: found [1]"),
            ("method: { name: none, alpha: 2 }", "method.alpha: found 2.0"),
            ("method: { name: none, fold: true }", "method.fold: found true"),
            ("data: { source: [] }", "data.source: found []"),
            ("data: { source: '' }", "data.source"),
            ("data: { source: \"a\\0b\" }", "data.source"),
            ("data: { directory: '' }", "data.directory"),
            ("data: { per-class: 0 }", "data.per-class: found 0"),
            ("data: { hold-out: 1 }", "data.hold-out: found 1.0"),
            ("data: { hold-out: -0.1 }", "data.hold-out: found -0.1"),
            ("data: { split-seed: 3 }", "data.split-seed: found 3"),
            ("data: { workers: -1 }", "data.workers: found -1"),
            ("data: { workers: 65 }", "data.workers: found 65"),
            ("augmentation: { crop-padding: -1 }", "augmentation.crop-padding: found -1"),
            ("augmentation: { cutout: -1 }", "augmentation.cutout: found -1"),
            ("model: { widths: [0] }", "model.widths: found [0]"),
            ("model: { widths: [256, -1] }", "model.widths: found [256, -1]"),
            ("model: { widths: [1000001] }", "model.widths"),
            ("model: { dropout: 1 }", "model.dropout: found 1.0"),
            ("model: { dropout: -0.1 }", "model.dropout: found -0.1"),
            ("model: { widths: [8, 2], bottleneck: 3 }", "a hidden layer, 1 to 2, or null"),
            ("model: { bottleneck: 0 }", "model.bottleneck: found 0"),
            ("model: { widths: [], bottleneck: 1 }", "there are no hidden layers"),
            ("model: { width: 16 }", "mlp has no use for it"),
            ("model: { variant: textbook }", "mlp has no use for it"),
            ("model: { name: preact-resnet-18, widths: [8] }", "preact-resnet-18 has no use for"),
            ("model: { name: preact-resnet-50, dropout: 0.5 }", "model.dropout: found 0.5"),
            ("model: { name: preact-resnet-34, batch-norm: true }", "model.batch-norm: found true"),
            (
                "model: { name: preact-resnet-152, activation: tanh }",
                "model.activation: found tanh"
            ),
            ("model: { name: preact-resnet-18, bottleneck: 1 }", "model.bottleneck: found 1"),
            ("model: { name: preact-resnet-18, depth: 16 }", "model.depth: found 16"),
            ("model: { name: preact-resnet-18, widen-factor: 2 }", "model.widen-factor: found 2"),
            ("model: { name: preact-resnet-18, width: 0 }", "model.width: found 0"),
            ("model: { name: preact-resnet-18, width: 9223372036854775807 }", "from 1 to 1024"),
            (
                "model: { name: preact-resnet-18, initial-stride: 0 }",
                "model.initial-stride: found 0"
            ),
            ("model: { name: wide-resnet, depth: 27 }", "model.depth: found 27"),
            ("model: { name: wide-resnet, depth: 4 }", "6n + 4"),
            ("model: { name: wide-resnet, widen-factor: 101 }", "model.widen-factor: found 101"),
            ("model: { name: wide-resnet, width: 16 }", "wide-resnet has no use for it"),
            ("model: { name: wide-resnet, initial-stride: 2 }", "wide-resnet has no use for it"),
            ("model: { widths: [8] }\nmethod: { layers: [0, 2] }", "0 (input), 1 (hidden1)"),
            (
                "model: { name: wide-resnet }\nmethod: { layers: [4] }",
                "method.layers: found [4], allowed is the boundaries of this model: 0 (input), 1 "
                    + "(layer1), 2 (layer2), 3 (layer3)"
            ),
            ("optimizer: { learning-rate: -1 }", "optimizer.learning-rate: found -1.0"),
            ("optimizer: { weight-decay: -1 }", "optimizer.weight-decay: found -1.0"),
            ("optimizer: { momentum: 1 }", "optimizer.momentum: found 1.0"),
            ("optimizer: { momentum: 0, nesterov: true }", "optimizer.nesterov: found true"),
            ("optimizer: { beta1: 0.5 }", "optimizer.beta1: found 0.5"),
            ("optimizer: { name: adam, momentum: 0.5 }", "adam has no use for it"),
            ("optimizer: { name: adam, beta1: 1 }", "optimizer.beta1: found 1.0"),
            ("optimizer: { name: adamw, epsilon: 0 }", "optimizer.epsilon: found 0.0"),
            ("optimizer: { clip-norm: 0 }", "optimizer.clip-norm: found 0.0"),
            ("optimizer: { name: adam, clip-norm: -1 }", "optimizer.clip-norm: found -1.0"),
            ("optimizer: { clip-norm: 1e999 }", "optimizer.clip-norm: found inf"),
            ("schedule: { name: multi-step }", "schedule.milestones: found []"),
            ("schedule: { name: multi-step, milestones: [5, 3] }", "found [5, 3]"),
            ("schedule: { name: multi-step, milestones: [3, 3] }", "found [3, 3]"),
            ("schedule: { name: multi-step, milestones: [0, 3] }", "found [0, 3]"),
            ("schedule: { name: multi-step, milestones: 3, factor: 0 }", "schedule.factor"),
            ("schedule: { milestones: [3] }", "cosine has no use for it"),
            ("schedule: { name: linear, final-learning-rate: -1 }", "found -1.0"),
            ("schedule: { name: constant, final-learning-rate: 1 }", "constant has no use"),
            ("schedule: { warmup-epochs: -1 }", "schedule.warmup-epochs: found -1"),
            ("schedule: { warmup-epochs: 20 }", "training.epochs, which is 20"),
            ("training: { epochs: 0 }", "training.epochs: found 0"),
            ("training: { batch-size: 0 }", "training.batch-size: found 0"),
            ("training: { batch-size: 1 }\nmodel: { batch-norm: true }", "model.batch-norm"),
            ("training: { threads: 0 }", "training.threads: found 0"),
            ("training: { checkpoint-every: 0 }", "training.checkpoint-every: found 0"),
            ("training: { accumulate: 0 }", "training.accumulate: found 0"),
            ("training: { keep-epochs: -1 }", "training.keep-epochs: found -1"),
            ("training: { evaluate-every: 0 }", "training.evaluate-every: found 0"),
            ("training: { ema-decay: 1 }", "training.ema-decay: found 1.0"),
            ("training: { ema-decay: -0.1 }", "training.ema-decay: found -0.1"),
            ("training: { patience: 0 }", "training.patience: found 0"),
            ("training: { epochs: 9223372036854775807 }", "training.epochs: found 922"),
        ]
    )
    func impossibleValue(yaml: String, expected: String) {
        let text = Self.message(yaml)
        #expect(text.contains(expected), "\(text)")
        #expect(text.contains("allowed is"), "\(text)")
    }

    @Test(
        "A value of the wrong kind is named with its line",
        arguments: [
            ("method:\n  alpha: two", "my.yaml:2: method.alpha: found 'two', allowed is a number"),
            ("method:\n  alpha: .nan", "my.yaml:2: method.alpha: found '.nan'"),
            ("method:\n  alpha: nan", "my.yaml:2: method.alpha: found 'nan'"),
            ("method:\n  alpha: '2'", "my.yaml:2: method.alpha: found \"2\""),
            ("method:\n  alpha: [2]", "my.yaml:2: method.alpha: found a list"),
            ("method:\n  alpha: { a: 1 }", "my.yaml:2: method.alpha: found a section"),
            ("method: manifold-mixup", "my.yaml:1: method: found 'manifold-mixup'"),
            ("method: [manifold-mixup]", "my.yaml:1: method: found a list"),
            ("method: { name: mixup }", "allowed is none, input-mixup, manifold-mixup"),
            ("method: { fold: yes }", "method.fold: found 'yes', allowed is true or false"),
            ("model: { name: resnet-18 }", "allowed is mlp, preact-resnet-18, preact-resnet-34"),
            ("model: { name: wide-resnet, variant: own }", "allowed is authors, textbook"),
            ("model: { widths: [32, x] }", "model.widths: found 'x', allowed is a whole number"),
            ("model: { widths: [32, null] }", "model.widths: found null"),
            ("model: { widths: [[32]] }", "model.widths: found a list"),
            ("training: { epochs: 2.5 }", "epochs: found '2.5', allowed is a whole number"),
            ("training: { epochs: 99999999999999999999 }", "training.epochs"),
            ("training: { seed: -1 }", "training.seed: found '-1'"),
            ("training: { max-time: 90 }", "max-time: found '90', allowed is a time such as 30s"),
            ("training: { max-time: 0s }", "training.max-time: found '0s'"),
            ("training: { patience: 1.5 }", "training.patience: found '1.5'"),
            ("training: { channels-last: 1 }", "training.channels-last: found '1'"),
            ("training: { sync-batch-norm: 1 }", "training.sync-batch-norm: found '1'"),
            ("training: { engine: fast }", "training.engine: found 'fast'"),
            ("training: { device: gpu }", "training.device: found 'gpu'"),
            ("training: { device: cuda:-1 }", "training.device: found 'cuda:-1'"),
            ("training: { device: 'cuda:' }", "training.device: found \"cuda:\""),
            ("loss: cross-entropy", "loss: found 'cross-entropy', allowed is soft-cross-entropy"),
            ("- data", "my.yaml:1: recipe: found a list"),
            ("just text", "my.yaml:1: recipe: found 'just text'"),
        ]
    )
    func wrongKind(yaml: String, expected: String) {
        let text = Self.message(yaml)
        #expect(text.contains(expected), "\(text)")
    }

    @Test(
        "An unknown key is named with the known ones and the nearest",
        arguments: [
            ("method:\n  alpah: 1", "my.yaml:2: method: unknown key 'alpah', did you mean 'alpha'"),
            ("method: { layer_weights: [1] }", "did you mean 'layer-weights'?"),
            ("optimiser: { name: sgd }", "did you mean 'optimizer'?"),
            ("alpha: 2", "did you mean 'method.alpha'?"),
            ("model: { epochs: 2 }", "did you mean 'training.epochs'?"),
            ("training: { Batch-Size: 2 }", "did you mean 'batch-size'?"),
            ("zzzzzz: 1", "unknown key 'zzzzzz'; known keys are data, augmentation, model, method"),
            ("model: { zzzzzz: 1 }", "name, widths, activation, dropout, batch-norm, bottleneck"),
            ("? [a, b]\n: 1", "found a list as a key"),
            ("<<: { epochs: 1 }", "unknown key '<<'"),
        ]
    )
    func unknownKey(yaml: String, expected: String) {
        let text = Self.message(yaml)
        #expect(text.contains(expected), "\(text)")
    }

    @Test(
        "Broken YAML is refused with the line where it breaks",
        arguments: [
            ("data:\n  source: [digits\n", "my.yaml:3: is not valid YAML"),
            ("data:\n\tsource: x", "my.yaml:2: is not valid YAML"),
            ("a: b: c", "my.yaml:1: is not valid YAML"),
            ("data: 'open", "is not valid YAML"),
            ("data: \"\\q\"", "my.yaml:1: is not valid YAML"),
            ("data: \"\\uD800\"", "is not valid YAML"),
            ("data: *nothing", "my.yaml:1: is not valid YAML: found undefined alias"),
            ("data:\nmodel:\ndata:", "'data' appears twice"),
            ("data: { source: a }\n---\ndata: { source: b }", "another document"),
            ("data: a\u{0}b", "my.yaml:1: is not valid YAML"),
        ]
    )
    func brokenYAML(yaml: String, expected: String) {
        let text = Self.message(yaml)
        #expect(text.contains(expected), "\(text)")
    }

    @Test("An empty recipe is refused", arguments: ["", " \n\n", "# only a comment", "---", "~"])
    func empty(yaml: String) {
        #expect(Self.message(yaml).contains("is empty"))
    }

    @Test("A value that is not a number or not finite is refused in code as well")
    func notFinite() {
        let paths: [WritableKeyPath<Recipe, Double>] = [
            \.method.alpha, \.model.dropout, \.optimizer.learningRate, \.optimizer.weightDecay,
            \.optimizer.momentum, \.schedule.finalLearningRate,
        ]
        for path in paths {
            for value in [Double.nan, .infinity, -.infinity] {
                var recipe = Recipe()
                recipe[keyPath: path] = value
                #expect(throws: RecipeError.self) { try recipe.validate() }
            }
        }
        var recipe = Recipe(schedule: .init(name: .multiStep, milestones: [1]))
        recipe.schedule.factor = .nan
        #expect(throws: RecipeError.self) { try recipe.validate() }
        recipe = Recipe(method: .init(layers: [0], layerWeights: [.nan]))
        #expect(throws: RecipeError.self) { try recipe.validate() }
    }

    @Test("A method whose name was changed in code does not keep layers that it cannot have")
    func staleLayers() {
        var recipe = Recipe()
        recipe.method.name = .inputMixup
        #expect(throws: RecipeError.self) { try recipe.validate() }
        recipe.method.name = .noMixup
        #expect(throws: RecipeError.self) { try recipe.validate() }
    }
}
