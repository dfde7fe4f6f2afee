import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupTraining

@Suite("Files of weights")
struct WeightsFileTests {
    private func network(widths: [Int] = [3, 4], batchNorm: Bool = false) throws -> MLP {
        try MLP(
            inputShape: [6],
            widths: widths,
            classCount: 2,
            batchNorm: batchNorm,
            generator: Generator(seed: 1)
        )
    }

    private func tensors(_ module: any Module) -> [(name: String, tensor: Tensor)] {
        module.stateDictionary().map { ($0.name, $0.tensor) }
    }

    private func file(
        _ tensors: [(name: String, tensor: Tensor)],
        metadata: [String: String] = [:],
        in folder: ScratchFolder
    ) throws -> WeightsFile {
        let path = folder.path("weights.safetensors")
        try Safetensors(tensors: tensors, metadata: metadata).encoded()
            .write(to: URL(fileURLWithPath: path))
        return try WeightsFile(path: path)
    }

    private func message(_ body: () throws -> Void) throws -> String {
        let error = #expect(throws: (any Error).self, performing: body)
        let message = String(describing: try #require(error))
        #expect(!message.hasLineBreak)
        return message
    }

    @Test(
        "What PyTorch's wrappers put before the names is taken away",
        arguments: ["", "module.", "_orig_mod.", "module._orig_mod.", "module.module."]
    )
    func wrappers(prefix: String) throws {
        let folder = try ScratchFolder()
        let network = try network(batchNorm: true)
        let wrapped = tensors(network).map { (prefix + $0.name, $0.tensor) }
        let count = prefix.isEmpty ? [] : [("n_averaged", try Tensor.zeros([], dtype: .int64))]
        let file = try file(wrapped + count, in: folder)
        #expect(Set(file.tensors.keys) == Set(network.stateDictionary().map(\.name)))
        let other = try self.network(batchNorm: true)
        try file.load(into: other, named: "it")
        for (own, loaded) in zip(tensors(network), tensors(other)) {
            #expect(try own.tensor.isEqual(to: loaded.tensor))
        }
    }

    @Test("A prefix that only some names have is a part of them")
    func partOfNames() throws {
        let folder = try ScratchFolder()
        let some = [
            ("module.a", try Tensor.ones([1])), ("b", try Tensor.ones([1])),
        ]
        #expect(try file(some, in: folder).tensors.keys.sorted() == ["b", "module.a"])
    }

    @Test("Files from before PyTorch 0.4.1 do not count batches, and are taken")
    func batchCount() throws {
        let folder = try ScratchFolder()
        let network = try network(batchNorm: true)
        let old = tensors(network).filter { !$0.name.hasSuffix("num_batches_tracked") }
        #expect(old.count == tensors(network).count - 2)
        try file(old, in: folder).load(into: network, named: "it")
    }

    @Test("A mismatch says all that is missing, left over and of another shape, and what to do")
    func mismatch() throws {
        let folder = try ScratchFolder()
        let network = try network()
        let before = try tensors(network).map { try $0.tensor.scalars(as: Float.self) }
        var tensors = tensors(try self.network(widths: [5, 4]))
        tensors.removeAll { $0.name == "fc3.bias" }
        tensors.append(("fc4.bias", try Tensor.ones([1])))
        let file = try file(tensors, in: folder)
        let text = try message { try file.load(into: network, named: "the mlp") }
        for part in [
            file.path, "the mlp", "missing: fc3.bias", "left over: fc4.bias",
            "fc1.weight is [5, 6], not [3, 6]", "fc2.weight is [4, 5], not [4, 3]",
            "--model mlp --widths 5,4",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        let after = try self.tensors(network).map { try $0.tensor.scalars(as: Float.self) }
        #expect(before == after)
    }

    @Test("The same network for other data is told from another network")
    func otherClasses() throws {
        let folder = try ScratchFolder()
        let file = try file(tensors(network()), in: folder)
        let other = try MLP(
            inputShape: [6],
            widths: [3, 4],
            classCount: 3,
            generator: Generator(seed: 1)
        )
        let text = try message { try file.load(into: other, named: "it") }
        #expect(text.contains("take data with as many"), "\(text)")
    }

    @Test("A tensor that is missing from the right network is told from another network")
    func incomplete() throws {
        let folder = try ScratchFolder()
        let network = try network()
        let file = try file(Array(tensors(network).dropLast()), in: folder)
        let text = try message { try file.load(into: network, named: "it") }
        #expect(text.contains("missing: fc3.bias; the file is not whole"), "\(text)")
    }

    @Test("Every network has flags, or words, that ask for it", arguments: SampleNetwork.all)
    func flags(_ sample: SampleNetwork) throws {
        let flags = sample.model.flags
        #expect(flags.hasPrefix("--model \(sample.model.name.rawValue)"))
        #expect(!flags.contains("  ") && !flags.hasSuffix("--widths"), "\(flags)")
    }

    @Test("Long lists of names are cut short")
    func longList() throws {
        let folder = try ScratchFolder()
        let file = try file(tensors(network()), in: folder)
        let residual = try Recipe(model: .init(name: .preActResNet152, width: 1)).makeModel(
            inputShape: [3, 16, 16],
            classCount: 2,
            generator: Generator(seed: 1)
        )
        let text = try message { try file.load(into: residual, named: "it") }
        #expect(text.count < 600 && text.contains(" more"), "\(text)")
    }

    @Test("Weights that are not finite are refused", arguments: [Float.nan, .infinity])
    func notFinite(value: Float) throws {
        let folder = try ScratchFolder()
        let tensors = [("fc1.weight", try Tensor([1, value], shape: [2, 1]))]
        let text = try message { _ = try file(tensors, in: folder) }
        #expect(text.contains("fc1.weight") && text.contains("not finite"), "\(text)")
    }

    @Test("A pickle is refused with the script that helps; other bytes, and no file, are too")
    func otherFiles() throws {
        let folder = try ScratchFolder()
        let path = folder.path("model.pth")
        for start: [UInt8] in [[0x50, 0x4B, 3, 4, 0], [0x80, 2, 0x8A, 10]] {
            try Data(start + [UInt8](repeating: 0, count: 100)).write(
                to: URL(fileURLWithPath: path)
            )
            let text = try message { _ = try WeightsFile(path: path) }
            #expect(text.contains("scripts/checkpoint-to-safetensors"), "\(text)")
        }
        for bytes: [UInt8] in [[], [0x80], [UInt8](repeating: 0xFF, count: 64)] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(try message { _ = try WeightsFile(path: path) }.contains(path))
        }
        let missing = try message { _ = try WeightsFile(path: folder.path("none")) }
        #expect(missing.contains("none"))
        #expect(try message { _ = try file([], in: folder) }.contains("no tensor"))
    }

    @Test("A description of another network than the tensors' is refused before anything is made")
    func wrongDescription() throws {
        let folder = try ScratchFolder()
        let sample = SampleNetwork.all[1]
        let tensors = tensors(try sample.build())
        for change: (inout ModelDescription) throws -> Void in [
            { $0.model.widths = [1_000_000, 1_000_000] },
            { $0.classNames.removeLast() },
            {
                $0.input = try InputFormat(
                    shape: [40_000, 40_000],
                    normalization: Normalization(),
                    hasPixels: false
                )
            },
            { $0.model = .init(name: .wideResNet, depth: 1000, widenFactor: 100) },
        ] {
            var description = try sample.description
            try change(&description)
            let metadata = try description.metadata()
            let text = try message { _ = try file(tensors, metadata: metadata, in: folder) }
            #expect(text.contains("tensors are those of another network"), "\(text)")
        }
        _ = try file(tensors, metadata: sample.description.metadata(), in: folder)
    }

    @Test("A file without a description says which network it holds, or that it holds none")
    func model() throws {
        let folder = try ScratchFolder()
        let file = try file(tensors(network()), in: folder)
        #expect(try file.model() == Recipe.Model(widths: [3, 4]))
        let other = try self.file([("encoder.weight", Tensor.ones([2, 2]))], in: folder)
        #expect(try message { _ = try other.model() }.contains("encoder.weight"))
    }
}
