import Foundation
import LibTorch
import ManifoldMixup
import MixupModels
import TestPython
import Testing

@Suite("Weights move between PyTorch and Swift")
struct StateDictionaryTests {
    private func model(seed: UInt64 = 1) throws -> MLP {
        try MLP(
            inputShape: [64],
            widths: [32, 16],
            classCount: 10,
            generator: Generator(seed: seed)
        )
    }

    /// A file in the form that `state_dict.py check` reads.
    private func write(
        _ model: MLP,
        addingToFirstBias difference: Double = 0,
        to url: URL
    ) throws {
        let input = try Tensor.zeros([5, 64])
        try Generator(seed: 3).fillNormal(input)
        let logits = try model(input, ForwardPass())
        var tensors = try model.stateDictionary().map { named in
            (name: named.name, tensor: try named.tensor.detached().clone())
        }
        tensors = try tensors.map { name, tensor in
            (name, name == "fc1.bias" ? try tensor + difference : tensor)
        }
        tensors += [("input", input), ("logits", logits)]
        try Safetensors(tensors: tensors).encoded().write(to: url)
    }

    @Test("A state_dict of PyTorch gives the same logits")
    func fromPyTorch() throws {
        let path = Repository.fixtures.appendingPathComponent("state_dict.safetensors").path
        let recorded = try Safetensors(path: path).dictionary
        let input = try #require(recorded["input"])
        let logits = try #require(recorded["logits"])
        let model = try model()
        try model.load(recorded.filter { $0.key.hasPrefix("fc") })
        let found = try Disagreement("logits", model(input, ForwardPass()), logits)
        #expect(found.relative <= 1e-5, "\(found)")
    }

    @Test("A state_dict of other names or shapes is refused, and the model stays as it was")
    func misfit() throws {
        let model = try model()
        let before = try model.stateDictionary().map { try $0.tensor.scalars(as: Float.self) }
        var tensors: [String: Tensor] = [:]
        for named in model.stateDictionary() {
            tensors[named.name] = try Tensor.zeros(named.tensor.shape)
        }
        var renamed = tensors
        renamed["layers.0.weight"] = renamed.removeValue(forKey: "fc1.weight")
        let naming = #expect(throws: TorchError.self) { try model.load(renamed) }
        #expect(naming?.message.contains("fc1.weight") == true)
        #expect(naming?.message.contains("layers.0.weight") == true)
        var reshaped = tensors
        reshaped["fc3.bias"] = try Tensor.zeros([9])
        let shape = #expect(throws: TorchError.self) { try model.load(reshaped) }
        #expect(shape?.message.contains("fc3.bias") == true)
        let after = try model.stateDictionary().map { try $0.tensor.scalars(as: Float.self) }
        #expect(before == after)
    }

    @Test(
        "PyTorch computes the same logits from weights that Swift wrote",
        .enabled(if: PyTorch.isAvailable, "\(PyTorch.skipMessage)")
    )
    func toPyTorch() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("swift.safetensors")
            try write(model(seed: 7), to: file)
            let accepted = try Python.run(script: "parity/state_dict.py", ["check", file.path])
            #expect(accepted.status == 0, "\(accepted.output)")
            // The check itself: other weights do not give these logits.
            try write(model(seed: 7), addingToFirstBias: 0.1, to: file)
            let refused = try Python.run(script: "parity/state_dict.py", ["check", file.path])
            #expect(refused.status == 1, "\(refused.output)")
        }
    }
}
