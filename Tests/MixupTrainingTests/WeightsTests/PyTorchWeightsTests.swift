import Foundation
import LibTorch
import TestPython
import Testing

@testable import MixupTraining

@Suite(
    "Weights between PyTorch and runs",
    .enabled(
        if: Python.has("torch", "safetensors", "numpy"),
        "\(Python.skipMessage("torch, safetensors and numpy"))"
    ),
    .serialized
)
struct PyTorchWeightsTests {
    private func write(_ data: Data, _ path: String) throws {
        try data.write(to: URL(fileURLWithPath: path))
    }

    @Test("PyTorch builds every exported network from its file, and computes the same logits")
    func toPyTorch() throws {
        let folder = try ScratchFolder()
        for (number, sample) in SampleNetwork.all.enumerated() {
            let network = try sample.build()
            let own = folder.path("\(number).own")
            try write(sample.description.encoded(network), own)
            try SavedModel(path: own).export(to: folder.path("\(number).safetensors"))
            // The check itself: the last network's logits are wrong.
            let factor = number == SampleNetwork.all.count - 1 ? 1.01 : 1
            let examples = Safetensors(tensors: [
                ("input", try sample.input()), ("logits", try sample.logits(network) * factor),
            ])
            try write(examples.encoded(), folder.path("\(number).examples"))
        }
        let result = try Python.run(script: "parity/exported.py", ["check", folder.path])
        #expect(result.status == 0)
        #expect(result.output == "\(SampleNetwork.all.count - 1)\n")
    }

    @Test(
        "The authors' checkpoints are made safetensors by the script; a pickle with a program is not"
    )
    func fromOthers() throws {
        let folder = try ScratchFolder()
        let samples = SampleNetwork.all.filter {
            $0.model.variant == .authors && [.preActResNet18, .wideResNet].contains($0.model.name)
        }
        let networks = try samples.map { try $0.build() }
        for (number, (sample, network)) in zip(samples, networks).enumerated() {
            try write(
                sample.description.encoded(network),
                folder.path("\(number).safetensors")
            )
        }
        let made = try Python.run(script: "parity/exported.py", ["authors", folder.path])
        try #require(made.status == 0, "\(made.output)")
        func convert(_ name: String) throws -> (status: Int32, output: String) {
            try Python.run(
                script: "checkpoint-to-safetensors",
                [folder.path(name), folder.path("\(name).converted")]
            )
        }
        for (number, kind) in [(0, "pickle"), (samples.count - 1, "archive")] {
            let name = "\(number).\(kind)"
            let converted = try convert(name)
            try #require(converted.status == 0, "\(converted.output)")
            let file = try WeightsFile(path: folder.path("\(name).converted"))
            #expect(file.description == nil)
            #expect(try file.model() == samples[number].model.visible)
            let other = try samples[number].build(seed: 8)
            try file.load(into: other, named: "it")
            let logits = try samples[number].logits(networks[number])
            #expect(try samples[number].logits(other).isEqual(to: logits))
        }
        let refused = try convert("attack.archive")
        #expect(refused.status == 1)
        #expect(refused.output.contains("runs a program"), "\(refused.output)")
        let names = try folder.names()
        #expect(!names.contains("attacked") && !names.contains("attack.archive.converted"))
    }
}
