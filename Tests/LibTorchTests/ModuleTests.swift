import LibTorch
import Testing

@Suite("Modules and their state dictionaries")
struct ModuleTests {
    /// Two linear layers around a batch normalisation, and a parameter of its own.
    private final class Network: Module {
        let scale: Tensor
        let first: Linear
        let norm: BatchNorm
        let second: Linear

        init(seed: UInt64) throws {
            let generator = try Generator(seed: seed)
            scale = try Tensor.ones([]).requiringGradient()
            first = try Linear(3, 2, generator: generator)
            norm = try BatchNorm(2)
            second = try Linear(2, 4, generator: generator)
        }

        var ownTensors: [NamedTensor] { [NamedTensor("scale", scale)] }

        var children: [(name: String, module: any Module)] {
            [("fc1", first), ("body", Sequential([("norm", norm), ("act", Activation(.relu))]))]
                + [("fc2", second)]
        }
    }

    private static let names = [
        "scale", "fc1.weight", "fc1.bias", "body.norm.weight", "body.norm.bias",
        "body.norm.running_mean", "body.norm.running_var", "body.norm.num_batches_tracked",
        "fc2.weight", "fc2.bias",
    ]

    private func dictionary(_ module: any Module) throws -> [String: Tensor] {
        Dictionary(
            uniqueKeysWithValues: try module.stateDictionary().map {
                ($0.name, try $0.tensor.clone())
            }
        )
    }

    private func holds(_ module: any Module, _ tensors: [String: Tensor]) throws -> Bool {
        try module.stateDictionary().allSatisfy {
            guard let tensor = tensors[$0.name] else { return false }
            return try $0.tensor.isEqual(to: tensor)
        }
    }

    @Test("The state dictionary has PyTorch's names, own tensors first, then the parts in order")
    func names() throws {
        #expect(try Network(seed: 1).stateDictionary().map(\.name) == Self.names)
    }

    @Test("Buffers are in the state dictionary but not among the parameters")
    func buffers() throws {
        let network = try Network(seed: 1)
        let buffers = network.stateDictionary().filter { $0.role == .buffer }.map(\.name)
        #expect(buffers == Array(Self.names[5...7]))
        #expect(network.parameters().count == 7)
        #expect(try network.parameters().allSatisfy { try $0.requiresGradient })
        #expect(try network.parameterCount() == 1 + 6 + 2 + 2 + 2 + 8 + 4)
    }

    @Test("The state dictionary holds the tensors themselves")
    func notCopies() throws {
        let network = try Network(seed: 1)
        try network.stateDictionary()[2].tensor.copyElements(from: .full([2], 5))
        #expect(try network.first.bias.doubles == [5, 5])
    }

    @Test("A module without tensors has an empty state dictionary")
    func empty() throws {
        #expect(Flatten().stateDictionary().isEmpty)
        #expect(try Flatten().parameterCount() == 0)
        try Flatten().load([:])
    }

    @Test("Loading makes the module equal to the one that was saved")
    func loading() throws {
        let (source, target) = (try Network(seed: 1), try Network(seed: 2))
        let weights = try dictionary(source)
        #expect(try !holds(target, weights))
        try target.load(weights)
        #expect(try holds(target, weights))
    }

    @Test("Loading copies, converts, and keeps the parameters the same learnable tensors")
    func loadingCopies() throws {
        let network = try Network(seed: 1)
        let parameters = network.parameters()
        var weights = try dictionary(network)
        let bias = try Tensor([1.5, 2.5])
        weights["fc1.bias"] = bias
        try network.load(weights)
        try bias.copyElements(from: .zeros([2]))
        #expect(try network.first.bias.scalars() == [Float(1.5), 2.5])
        #expect(zip(parameters, network.parameters()).allSatisfy { $0 === $1 })
        #expect(try parameters.allSatisfy { try $0.requiresGradient })
    }

    @Test("Missing and unknown names are all listed, and nothing is changed")
    func wrongNames() throws {
        let (source, target) = (try Network(seed: 1), try Network(seed: 2))
        let before = try dictionary(target)
        var weights = try dictionary(source)
        weights["fc1.bias"] = nil
        weights["scale"] = nil
        weights["fc3.bias"] = try .zeros([1])
        weights["fc3.weight"] = try .zeros([1])
        let message = refusal { try target.load(weights) }
        #expect(message.contains("missing: scale, fc1.bias"))
        #expect(message.contains("not in the model: fc3.bias, fc3.weight"))
        #expect(try holds(target, before))
    }

    @Test("Another shape is refused with both shapes, and nothing is changed")
    func wrongShape() throws {
        let (source, target) = (try Network(seed: 1), try Network(seed: 2))
        let before = try dictionary(target)
        var weights = try dictionary(source)
        weights["fc2.bias"] = try .zeros([5])
        let message = refusal { try target.load(weights) }
        #expect(message.contains("fc2.bias has shape [5], the model needs [4]"))
        #expect(try holds(target, before))
    }
}
