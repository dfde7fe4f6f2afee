import Foundation
import TestPython
import Testing

@Suite("The step agrees with PyTorch")
struct ParityTests {
    static let tolerance = 1e-5
    static let cases = [0, 1, 2].flatMap { layer in
        ["paper-bce", "soft-cross-entropy"].flatMap { loss in
            [8, 7, 1].map { "layer\(layer)-\(loss)-batch\($0)" }
        }
    }
    static let variants = [
        "per-sample-lambda", "two-minibatches", "folded-lambda", "adam", "blocked-gradients",
    ].map { "variant-\($0)" }

    /// Repeats every run of a folder and compares all losses, the first logits and gradients, and the
    /// weights after every step.
    static func expectAgreement(of runs: [String], in folder: URL) throws {
        for name in runs {
            let path = folder.appendingPathComponent("\(name).safetensors").path
            let worst = try #require(try ParityRun(path: path).disagreements().worst)
            #expect(worst.relative <= tolerance, "\(name), \(worst)")
        }
    }

    @Test(
        "Losses, logits, gradients and the weights after every step are PyTorch's",
        arguments: cases + variants
    )
    func recordedRun(name: String) throws {
        try Self.expectAgreement(of: [name], in: Repository.fixtures)
    }

    @Test("The recorded runs of the paper's method have 100 steps", arguments: cases)
    func length(name: String) throws {
        let path = Repository.fixtures.appendingPathComponent("\(name).safetensors").path
        #expect(try ParityRun(path: path).steps == 100)
    }

    @Test("The comparison notices a mistake in the step", arguments: ParityRun.Mistake.allCases)
    func mistake(_ mistake: ParityRun.Mistake) throws {
        for name in ["layer0-paper-bce-batch7", "layer1-soft-cross-entropy-batch8"] {
            let path = Repository.fixtures.appendingPathComponent("\(name).safetensors").path
            let found = try ParityRun(path: path).disagreements(making: mistake)
            let worst = try #require(found.worst)
            #expect(worst.relative > 10 * Self.tolerance, "\(name), \(worst)")
        }
    }

    @Test(
        "Runs that PyTorch makes now, from another seed, agree as well",
        .enabled(if: PyTorch.isAvailable, "\(PyTorch.skipMessage)")
    )
    func liveRuns() throws {
        try withTemporaryFolder { folder in
            // The script refuses a seed that would make a run trivial.
            let seeds = ["2", "3", "5", "8"]
            var output = ""
            let accepted = try seeds.first { seed in
                let arguments = ["--output", folder.path, "--seed", seed]
                let result = try Python.run(script: "parity/write_fixtures.py", arguments)
                output += result.output
                return result.status == 0
            }
            try #require(accepted != nil, "no seed was accepted: \(output)")
            try Self.expectAgreement(of: Self.cases + Self.variants, in: folder)
            try LossParityTests.expectAgreement(in: folder)
        }
    }
}
