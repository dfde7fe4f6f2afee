import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupTraining

@Suite("The fused engine against autograd")
struct EngineAgreementTests {
    private static func mlp(
        widths: [Int] = [17, 33],
        activation: Activation.Function = .relu,
        dropout: Double = 0,
        batchNorm: Bool = false,
        bottleneck: Int? = nil
    ) -> EnginePair.MakeModel {
        { shape, generator, dtype in
            try MLP(
                inputShape: shape,
                widths: widths,
                classCount: 3,
                activation: activation,
                dropout: dropout,
                batchNorm: batchNorm,
                bottleneck: bottleneck,
                generator: generator,
                dtype: dtype
            )
        }
    }

    /// Fourteen steps, and everything that the model has learned by then.
    private func expectAgreement(
        _ pair: EnginePair,
        _ name: String,
        tolerance: Double = 1e-5
    ) throws {
        #expect(pair.fused.engineSummary.hasPrefix("fused"), "\(name)")
        #expect(pair.autograd.engineSummary == "autograd", "\(name)")
        #expect(try pair.lossDistance() < tolerance, "\(name)")
        #expect(try pair.stateDistance() < 100 * tolerance, "\(name)")
        let (fused, autograd) = (
            try pair.fused.evaluate(on: pair.fused.data.test),
            try pair.autograd.evaluate(on: pair.autograd.data.test)
        )
        #expect(fused.error == autograd.error, "\(name)")
        let nlls = (fused.negativeLogLikelihood, autograd.negativeLogLikelihood)
        #expect(abs(nlls.0 / nlls.1 - 1) < 10 * tolerance, "\(name)")
        // libtorch sees the weights that the fused engine has learned.
        let byLibTorch = try pair.fused.model.evaluate(on: pair.fused.data.test)
        #expect(byLibTorch.error == fused.error, "\(name)")
    }

    @Test("Loss curves of fully connected networks agree to 1e-5, with every kind of layer")
    func networks() throws {
        let models: [(String, EnginePair.MakeModel)] = [
            ("plain", Self.mlp()),
            ("linear", Self.mlp(widths: [])),
            ("wide", Self.mlp(widths: [130])),
            // The gradient of 512 inputs takes the weights in another order.
            ("512 inputs", Self.mlp(widths: [512, 20])),
            ("leaky ReLU", Self.mlp(activation: .leakyReLU)),
            ("tanh", Self.mlp(activation: .tanh, dropout: 0.3)),
            ("dropout", Self.mlp(dropout: 0.4)),
            ("batch norm", Self.mlp(batchNorm: true)),
            ("all", Self.mlp(activation: .leakyReLU, dropout: 0.2, batchNorm: true)),
            ("tanh and batch norm", Self.mlp(activation: .tanh, batchNorm: true)),
            ("bottleneck", Self.mlp(widths: [20, 4, 20], bottleneck: 2)),
        ]
        for (name, model) in models {
            try expectAgreement(EnginePair(model: model), name)
        }
    }

    @Test("They agree with every method, at every boundary, and with λ of any kind")
    func methods() throws {
        var methods: [(String, (any MixingMethod)?)] = [
            ("none", nil),
            ("input", try Mixup.inputMixup()),
            ("folded", try Mixup(alpha: 1, eligibleLayers: nil, isFolded: true)),
            ("per sample", try Mixup(alpha: 1, eligibleLayers: nil, lambdaScope: .sample)),
            ("cutmix", try CutMix()),
            ("cutout", try Cutout()),
            (
                "choice",
                try MixingPolicy(
                    [.init(Mixup.manifoldMixup(), weight: 2), .init(CutMix()), .init(nil)],
                    probability: 0.8
                )
            ),
        ]
        for layer in 0...2 {
            methods.append(("layer \(layer)", try Mixup.manifoldMixup(layers: [layer])))
        }
        for (name, method) in methods {
            try expectAgreement(EnginePair(method, shape: [1, 4, 4], model: Self.mlp()), name)
        }
    }

    @Test("They agree with any batch size, both losses, and whatever SGD offers")
    func protocols() throws {
        for batchSize in [1, 2, 7, 16, 48, 70, 100] {
            try expectAgreement(
                EnginePair(batchSize: batchSize, model: Self.mlp()),
                "batch size \(batchSize)"
            )
        }
        for loss in MixupLoss.allCases {
            try expectAgreement(EnginePair(loss: loss, model: Self.mlp()), loss.rawValue)
        }
        for (momentum, nesterov) in [(0.0, false), (0.9, false)] {
            try expectAgreement(
                EnginePair(momentum: momentum, nesterov: nesterov, model: Self.mlp()),
                "momentum \(momentum)"
            )
        }
        try expectAgreement(EnginePair(clipNorm: 0.05, model: Self.mlp()), "clipping")
        try expectAgreement(EnginePair(emaDecay: 0.7, model: Self.mlp()), "average")
    }

    @Test("In bfloat16 it is as near to double precision as autograd's bfloat16 is")
    func bfloat16() throws {
        guard try KernelTeam().hasBFloat16 else { return }
        for (name, model) in [("plain", Self.mlp()), ("batch norm", Self.mlp(batchNorm: true))] {
            let first = try EnginePair(
                count: 45,
                batchSize: 45,
                precision: .bfloat16,
                model: model
            )
            let (fused, autograd, largest) = try first.gradientDistances()
            #expect(fused < 2 * autograd, "\(name): \(fused), \(autograd)")
            #expect(fused > 1e-5 * largest, "\(name): not bfloat16")
            let pair = try EnginePair(learningRate: 0.01, precision: .bfloat16, model: model)
            #expect(pair.fused.engineSummary.contains("bfloat16"))
            // The largest part of it is in the rounding of the first layers, which both have.
            #expect(try EnginePair.lossDistance(pair.fused, pair.exact) < 1e-2, "\(name)")
        }
    }

    @Test("Loss curves in bfloat16, in float32 by either engine, and in double precision agree")
    func curves() throws {
        // tanh has no kink at which a rounding would switch a unit.
        func distances(_ precision: Precision) throws -> (float32: Double, exact: Double) {
            func pair(_ precision: Precision) throws -> EnginePair {
                try EnginePair(
                    shape: [12],
                    count: 128,
                    batchSize: 64,
                    learningRate: 0.02,
                    precision: precision,
                    model: Self.mlp(widths: [32, 32], activation: .tanh)
                )
            }
            return (
                try EnginePair.lossDistance(pair(precision).fused, pair(.float32).autograd),
                try EnginePair.lossDistance(pair(precision).fused, pair(.float32).exact)
            )
        }
        let single = try distances(.float32)
        #expect(single.float32 < 1e-5 && single.exact < 1e-5, "\(single)")
        guard try KernelTeam().hasBFloat16 else {
            print("no curves in bfloat16: this CPU has no product of it")
            return
        }
        let half = try distances(.bfloat16)
        #expect(half.float32 < 1e-3 && half.exact < 1e-3, "\(half)")
        #expect(half.float32 > 1e-7, "not bfloat16")
    }
}
