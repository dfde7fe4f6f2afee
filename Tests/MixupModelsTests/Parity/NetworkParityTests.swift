import Foundation
import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("The residual networks compute what PyTorch computes")
struct NetworkParityTests {
    static let names = [
        "preactresnet18", "preactresnet18-textbook", "preactresnet50", "wide_resnet",
        "wide_resnet-textbook",
    ]

    /// The network that `scripts/parity/networks.py` calls by this name.
    private static func network(_ name: String) throws -> any DescribedClassifier {
        let (shape, generator) = ([3, 16, 16], try Generator(seed: 0))
        let textbook = name.hasSuffix("textbook")
        if name.hasPrefix("wide_resnet") {
            return try WideResNet(
                depth: textbook ? 10 : 16,
                widenFactor: 2,
                inputShape: shape,
                classCount: 5,
                width: 3,
                isTextbook: textbook,
                generator: generator
            )
        }
        let isDeep = name.hasSuffix("50")
        return try PreActResNet(
            isDeep ? .fifty : .eighteen,
            inputShape: shape,
            classCount: 5,
            width: isDeep ? 2 : 3,
            initialStride: textbook ? 2 : 1,
            hasFinalNorm: textbook,
            generator: generator
        )
    }

    /// A network with PyTorch's weights, and what PyTorch made of them.
    private struct Recording {
        let model: any DescribedClassifier
        let tensors: [String: Tensor]

        init(_ name: String) throws {
            // As the script does; threads that wait for each other are slow on a busy machine.
            try LibTorchRuntime.setThreadCount(1)
            let path = Repository.fixtures.appendingPathComponent("\(name).safetensors").path
            tensors = try Safetensors(path: path).dictionary
            model = try NetworkParityTests.network(name)
            try model.load(group("initial."))
        }

        /// The tensors whose names begin so, without that beginning.
        func group(_ prefix: String) -> [String: Tensor] {
            let pairs = tensors.filter { $0.key.hasPrefix(prefix) }
                .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            return Dictionary(uniqueKeysWithValues: pairs)
        }

        func tensor(_ name: String) throws -> Tensor {
            try #require(tensors[name], "the file lacks '\(name)'")
        }

        /// The training pass and its gradients; leaves them in the model.
        func train() throws -> Tensor {
            let pass = ForwardPass(isTraining: true)
            let logits = try model(tensor("input"), pass)
            let targets = try tensor("labels").oneHot(classCount: 5)
            let loss = try MixupLoss.softCrossEntropy(logits, targets)
            try loss.backward()
            return logits
        }
    }

    @Test("Parameters and buffers have PyTorch's names and shapes", arguments: names)
    func namesAndShapes(_ name: String) throws {
        let recording = try Recording(name)
        let expected = recording.group("initial.")
        let found = try Self.network(name).stateDictionary()
        #expect(Set(found.map(\.name)) == Set(expected.keys))
        #expect(found.count == expected.count)
        for named in found {
            #expect(try named.tensor.shape == expected[named.name]?.shape, "\(named.name)")
        }
    }

    @Test("Logits agree within 1e-5 in evaluation and in training", arguments: names)
    func logits(_ name: String) throws {
        let recording = try Recording(name)
        let evaluated = try recording.model(recording.tensor("input"), ForwardPass())
        let pairs = [("evaluation", evaluated), ("training", try recording.train())]
        for (mode, logits) in pairs {
            let expected = try recording.tensor("logits.\(mode)")
            let found = try Disagreement("\(name) \(mode)", logits, expected)
            #expect(found.relative <= 1e-5, "\(found)")
        }
    }

    @Test("Gradients of all parameters agree within 1e-4, and so do statistics", arguments: names)
    func gradients(_ name: String) throws {
        let recording = try Recording(name)
        _ = try recording.train()
        var found: [Disagreement] = []
        for named in recording.model.stateDictionary() where named.role == .parameter {
            let gradient = try #require(try named.tensor.gradient, "\(named.name) has none")
            let expected = try recording.tensor("gradient.\(named.name)")
            if isConvolutionBias(named.name) {
                for rounding in [gradient, expected] {
                    let values = try rounding.absolute().scalars(as: Float.self)
                    #expect(values.allSatisfy { $0 < 1e-5 }, "\(named.name)")
                }
            } else {
                found.append(try Disagreement(named.name, gradient, expected))
            }
        }
        let statistics = recording.group("after.")
        for named in recording.model.stateDictionary() {
            guard let expected = statistics[named.name] else { continue }
            found.append(try Disagreement(named.name, named.tensor, expected))
        }
        let worst = try #require(found.worst)
        #expect(worst.relative <= 1e-4, "\(worst)")
        #expect(!statistics.isEmpty && found.count > statistics.count)
    }

    @Test("The comparison notices the other variant of a network")
    func otherVariant() throws {
        let recording = try Recording("preactresnet18")
        let other = try PreActResNet(
            .eighteen,
            inputShape: [3, 16, 16],
            classCount: 5,
            width: 3,
            initialStride: 2,
            generator: Generator(seed: 0)
        )
        try other.load(recording.group("initial."))
        let logits = try other(recording.tensor("input"), ForwardPass())
        let found = try Disagreement("logits", logits, recording.tensor("logits.evaluation"))
        #expect(found.relative > 1e-2, "\(found)")
    }
}
