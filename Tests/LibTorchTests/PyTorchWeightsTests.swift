import Foundation
import LibTorch
import Testing

@Suite("Weights from PyTorch")
struct PyTorchWeightsTests {
    /// Three linear layers with ReLU between them, under the names of the PyTorch module.
    private final class Network: Module {
        let layers: [Linear]

        init() throws {
            let generator = try Generator(seed: 0)
            layers = try [(64, 32), (32, 16), (16, 10)].map {
                try Linear($0, $1, generator: generator)
            }
        }

        var children: [(name: String, module: any Module)] {
            layers.enumerated().map { ("fc\($0 + 1)", $1) }
        }

        func callAsFunction(_ input: Tensor) throws -> Tensor {
            let hidden = try layers.dropLast().reduce(input) { try $1($0).relu() }
            return try layers[2](hidden)
        }
    }

    private func fixture() throws -> Safetensors {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("Fixtures/parity/state_dict.safetensors").path
        return try Safetensors(path: path)
    }

    @Test("A state_dict that PyTorch saved gives PyTorch's logits")
    func logits() throws {
        var tensors = try fixture().dictionary
        let input = try #require(tensors["input"])
        let expected = try #require(tensors["logits"]).doubles
        tensors["input"] = nil
        tensors["logits"] = nil
        let network = try Network()
        #expect(try largestDifference(network(input).doubles, expected) > 0.1)
        try network.load(tensors)
        let scale = expected.map(abs).max() ?? 1
        #expect(try largestDifference(network(input).doubles, expected) < 1e-5 * max(scale, 1))
    }

    @Test("A file from PyTorch is the same after reading and writing it")
    func rewritten() throws {
        let original = try fixture()
        let again = try Safetensors(decoding: original.encoded(), path: "again")
        #expect(again.tensors.map(\.name) == original.tensors.map(\.name))
        #expect(again.metadata == original.metadata)
        #expect(again.metadata["activation"] == "relu")
        for (one, other) in zip(original.tensors, again.tensors) {
            #expect(try one.tensor.isEqual(to: other.tensor))
        }
    }
}
