import Foundation
import LibTorch
import ManifoldMixup
import MixupModels
import TestPython
import Testing

/// The networks against PyTorch's, from the same weights.
///
/// Training runs are compared in float64: an untrained network with ReLU and batch normalisation
/// amplifies rounding with every layer and step, so that in float32 no bound would be both tight and
/// kept. The first weights are float32 numbers.
@Suite("The networks compute what PyTorch computes")
struct NetworkParityTests {
    static let names = [
        "preact-resnet-18", "preact-resnet-18-textbook", "preact-resnet-34",
        "preact-resnet-34-textbook", "preact-resnet-50", "preact-resnet-50-textbook",
        "preact-resnet-152", "preact-resnet-152-textbook", "wide-resnet-10-2-textbook",
        "wide-resnet-16-2", "wide-resnet-28-2", "wide-resnet-28-2-textbook", "mlp-bottleneck-2",
        "mlp-bottleneck-4",
    ]
    /// Networks with the paper's widths that are trained in seconds.
    static let fullNames = [
        "full-preact-resnet-18", "full-wide-resnet-28-2", "full-mlp-12", "full-mlp-30",
        "full-mlp-2",
    ]
    /// Networks with the paper's widths that take a minute each, and gigabytes.
    static let largeNames = [
        "full-preact-resnet-18-textbook", "full-preact-resnet-34", "full-preact-resnet-50",
        "full-preact-resnet-152", "full-wide-resnet-28-10", "full-wide-resnet-28-10-textbook",
    ]
    private static let isPatient =
        ProcessInfo.processInfo.environment["MANIFOLD_MIXUP_SLOW_TESTS"] != nil
    /// The bound on every difference in a run, after 20 steps as well.
    static let tolerance = 1e-10

    private static func recorded(_ name: String) throws -> NetworkRun {
        let file = Repository.fixtures.appendingPathComponent("\(name).safetensors")
        return try NetworkRun(path: file.path)
    }

    private static func expectNamesAndShapes(of run: NetworkRun) throws {
        let found = try run.description.build().stateDictionary()
        #expect(Set(found.map(\.name)) == Set(run.initial.keys))
        for named in found {
            #expect(try named.tensor.shape == run.initial[named.name]?.shape, "\(named.name)")
        }
        let floats = try found.filter { try $0.tensor.dtype == .float32 }
        #expect(try floats.map(\.name).joined(separator: " ") == run.description.text("names"))
    }

    private static func expectAgreement(of run: NetworkRun) throws {
        let worst = try #require(try run.disagreements().worst)
        #expect(worst.relative <= tolerance, "\(worst)")
    }

    @Test("Parameters and buffers have PyTorch's names, shapes and order", arguments: names)
    func namesAndShapes(_ name: String) throws {
        try Self.expectNamesAndShapes(of: Self.recorded(name))
    }

    @Test("Logits agree within 1e-5 in float32", arguments: names)
    func singlePrecision(_ name: String) throws {
        let run = try Self.recorded(name)
        let logits = try run.evaluated(run.model(dtype: .float32), dtype: .float32)
        let found = try Disagreement(name, logits, run.tensor("logits.evaluation"))
        #expect(found.relative <= 1e-5, "\(found)")
    }

    @Test(
        "Logits, gradients, and 20 steps with Manifold Mixup agree within 1e-10 in float64",
        arguments: names
    )
    func training(_ name: String) throws {
        let run = try Self.recorded(name)
        #expect(try run.tensor("loss").elementCount == 20)
        #expect(
            try Set(run.tensor("layer").scalars(as: Int64.self).map(Int.init))
                == Set(0...run.description.build().mixingSites.count)
        )
        try Self.expectAgreement(of: run)
    }

    @Test("Biases that batch normalisation takes out again have no gradient but rounding")
    func convolutionBiases() throws {
        let run = try Self.recorded("wide-resnet-16-2")
        let norms = try run.tensor("gradient").scalars(as: Double.self)
        let names = try run.description.text("names").split(separator: " ").map(String.init)
        let biases = names.indices.filter { isConvolutionBias(names[$0]) }
        #expect(biases.count == 16)
        #expect(biases.allSatisfy { norms[2 * $0 + 1] < 1e-14 })
    }

    @Test("The comparison notices a mistake in the step", arguments: NetworkRun.Mistake.allCases)
    func mistake(_ mistake: NetworkRun.Mistake) throws {
        for name in ["preact-resnet-18", "wide-resnet-10-2-textbook", "mlp-bottleneck-2"] {
            let worst = try #require(try Self.recorded(name).disagreements(making: mistake).worst)
            #expect(worst.relative > 1000 * Self.tolerance, "\(name), \(worst)")
        }
    }

    @Test("The comparison notices another network with the same parameters")
    func otherNetwork() throws {
        for (name, key, other) in [
            ("preact-resnet-18", "initial_stride", "2"), ("mlp-bottleneck-4", "bottleneck", "3"),
        ] {
            let run = try Self.recorded(name)
            var metadata = run.description.metadata
            metadata[key] = other
            let model = try NetworkDescription(metadata: metadata).build()
            try model.load(run.initial)
            let logits = try run.evaluated(model, dtype: .float32)
            let found = try Disagreement(name, logits, run.tensor("logits.evaluation"))
            #expect(found.relative > 1e-3, "\(found)")
        }
    }

    @Test(
        "Runs that PyTorch makes now, with the paper's widths, agree as well",
        .enabled(if: PyTorch.isAvailable, "\(PyTorch.skipMessage)"),
        .serialized,
        arguments: fullNames
    )
    func liveRun(_ name: String) throws {
        try Self.expectLiveAgreement(of: name)
    }

    @Test(
        "The paper's largest networks agree with PyTorch's as well",
        .enabled(
            if: PyTorch.isAvailable && isPatient,
            "takes minutes; set MANIFOLD_MIXUP_SLOW_TESTS=1 and MANIFOLD_MIXUP_PYTHON"
        ),
        .serialized,
        arguments: largeNames
    )
    func largeLiveRun(_ name: String) throws {
        try Self.expectLiveAgreement(of: name)
    }

    private static func expectLiveAgreement(of name: String) throws {
        try withTemporaryFolder { folder in
            let made = try Python.run(
                script: "parity/network_runs.py",
                ["record", name, "--output", folder.path, "--seed", "2"]
            )
            try #require(made.status == 0, "\(made.output)")
            let file = folder.appendingPathComponent("\(name).safetensors")
            let run = try NetworkRun(path: file.path)
            try expectNamesAndShapes(of: run)
            try expectAgreement(of: run)
        }
    }

    @Test(
        "PyTorch loads the weights that Swift wrote, strictly, and computes the same logits",
        .enabled(if: PyTorch.isAvailable, "\(PyTorch.skipMessage)"),
        arguments: names
    )
    func toPyTorch(_ name: String) throws {
        try withTemporaryFolder { folder in
            let description = try Self.recorded(name).description
            let model = try description.build(seed: 7)
            let input = try Tensor.zeros([5] + model.inputShape)
            try Generator(seed: 3).fillNormal(input)
            // Statistics of 0 and 1 would hide an exchange of the two.
            _ = try withoutGradients { try model(input, ForwardPass(isTraining: true)) }
            let logits = try withoutGradients { try model(input, ForwardPass()) }
            let weights = try model.stateDictionary().map {
                (name: $0.name, tensor: try $0.tensor.detached())
            }
            let file = folder.appendingPathComponent("swift.safetensors")
            func check(logits: Tensor) throws -> (status: Int32, output: String) {
                let tensors = weights + [("input", input), ("logits", logits)]
                try Safetensors(tensors: tensors, metadata: description.metadata).encoded()
                    .write(to: file)
                return try Python.run(script: "parity/network_runs.py", ["check", file.path])
            }
            let accepted = try check(logits: logits)
            #expect(accepted.status == 0, "\(accepted.output)")
            // The check itself: these are not the logits.
            let refused = try check(logits: logits * 1.001)
            #expect(refused.status == 1, "\(refused.output)")
        }
    }
}
