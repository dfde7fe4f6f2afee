import Foundation
import LibTorch
import ManifoldMixup
import Testing

@Suite("The losses agree with PyTorch")
struct LossParityTests {
    /// Rows 0 and 1 of the logits are ±60, where a naive softmax or logarithm overflows.
    static func expectAgreement(in folder: URL) throws {
        let path = folder.appendingPathComponent("losses.safetensors").path
        let recorded = try Safetensors(path: path).dictionary
        for loss in MixupLoss.allCases {
            for (dtype, tolerance) in [(DType.float32, 1e-5), (.float64, 1e-12)] {
                let logits = try #require(recorded["logits"]).to(dtype).clone()
                let targets = try #require(recorded["targets"]).to(dtype)
                try logits.requiringGradient()
                let value = try loss(logits, targets)
                try value.backward()
                let gradient = try #require(try logits.gradient)
                for (what, found) in [("loss", value), ("gradient", gradient)] {
                    let name = "\(loss.rawValue).\(what).\(dtype)"
                    let expected = try #require(recorded[name])
                    let disagreement = try Disagreement(name, found, expected)
                    #expect(disagreement.relative <= tolerance, "\(disagreement)")
                }
            }
        }
    }

    @Test("Values and gradients are PyTorch's, in both precisions and at extreme logits")
    func recordedLosses() throws {
        try Self.expectAgreement(in: Repository.fixtures)
    }
}
