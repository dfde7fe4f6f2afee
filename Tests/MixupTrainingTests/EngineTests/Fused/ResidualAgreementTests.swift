import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import Testing

@testable import MixupTraining

@Suite("The fused engine against autograd, residual networks")
struct ResidualAgreementTests {
    private static func preActResNet(
        _ depth: PreActResNet.Depth = .eighteen,
        width: Int = 3,
        initialStride: Int = 1,
        hasFinalNorm: Bool = false
    ) -> EnginePair.MakeModel {
        { shape, generator, dtype in
            try PreActResNet(
                depth,
                inputShape: shape,
                classCount: 3,
                width: width,
                initialStride: initialStride,
                hasFinalNorm: hasFinalNorm,
                generator: generator,
                dtype: dtype
            )
        }
    }

    private static func wideResNet(isTextbook: Bool, width: Int = 3) -> EnginePair.MakeModel {
        { shape, generator, dtype in
            try WideResNet(
                depth: 10,
                widenFactor: 2,
                inputShape: shape,
                classCount: 3,
                width: width,
                isTextbook: isTextbook,
                generator: generator,
                dtype: dtype
            )
        }
    }

    private func expectAgreement(
        _ name: String,
        shape: [Int] = [3, 8, 8],
        method: (any MixingMethod)? = try? Mixup.manifoldMixup(),
        count: Int = 35,
        batchSize: Int = 9,
        learningRate: Double = 1e-3,
        lossTolerance: Double = 1e-5,
        stateTolerance: Double = 1e-3,
        biasTolerance: Double? = nil,
        model: EnginePair.MakeModel
    ) throws {
        // Small steps, and no minibatch so small that its variances amplify every rounding.
        let pair = try EnginePair(
            method,
            shape: shape,
            count: count,
            batchSize: batchSize,
            learningRate: learningRate,
            model: model
        )
        #expect(pair.fused.engineSummary.hasPrefix("fused"), "\(name)")
        let lossDistance = try pair.lossDistance()
        #expect(lossDistance < lossTolerance, "\(name): \(lossDistance)")
        let biasDistance = try pair.stateDistance { $0.hasSuffix(".bias") }
        #expect(biasDistance < biasTolerance ?? stateTolerance, "\(name): \(biasDistance)")
        let stateDistance = try pair.stateDistance { !$0.hasSuffix(".bias") }
        #expect(stateDistance < stateTolerance, "\(name): \(stateDistance)")
        let (fused, autograd) = (
            try pair.fused.evaluate(on: pair.fused.data.test),
            try pair.autograd.evaluate(on: pair.autograd.data.test)
        )
        let nlls = (fused.negativeLogLikelihood, autograd.negativeLogLikelihood)
        #expect(abs(nlls.0 / nlls.1 - 1) < 1e-4, "\(name)")
    }

    @Test("Loss curves of all kinds of residual networks agree to 1e-5")
    func networks() throws {
        try expectAgreement("18", model: Self.preActResNet())
        try expectAgreement("18, textbook", model: Self.preActResNet(hasFinalNorm: true))
        // So deep and narrow a network makes ten times as much of a rounding in every usual step. Its
        // biases are then nothing but some gradients, which one ReLU at its kink changes by 3e-3.
        try expectAgreement(
            "50",
            learningRate: 1e-6,
            lossTolerance: 1e-4,
            stateTolerance: 1e-2,
            model: Self.preActResNet(.fifty, width: 2)
        )
        try expectAgreement("wide", model: Self.wideResNet(isTextbook: false))
        try expectAgreement("wide, textbook", model: Self.wideResNet(isTextbook: true))
    }

    @Test("They agree on images of odd sizes, with a first stride of 2, and with odd minibatches")
    func shapes() throws {
        try expectAgreement("9 × 7", shape: [1, 9, 7], model: Self.preActResNet())
        try expectAgreement("5 × 12", shape: [2, 5, 12], model: Self.wideResNet(isTextbook: false))
        try expectAgreement(
            "stride 2",
            shape: [3, 16, 16],
            model: Self.preActResNet(initialStride: 2)
        )
        try expectAgreement(
            "batch of 3",
            shape: [3, 16, 16],
            batchSize: 3,
            model: Self.preActResNet()
        )
        try expectAgreement("cutmix", method: try CutMix(), model: Self.preActResNet())
        for layer in 0...3 {
            try expectAgreement(
                "layer \(layer)",
                method: try Mixup.manifoldMixup(layers: [layer]),
                model: Self.preActResNet()
            )
        }
    }

    @Test("They agree where convolutions are computed by tiles, of 4 × 4, of 2 × 2 and of neither")
    func tiles() throws {
        // From 16 examples and 8 channels on; stages of 12, 6 and 3 pixels. One ReLU at its kink in
        // the last stage, where a bias is the sum of some 90 slopes, changes biases by 5e-2.
        try expectAgreement(
            "18",
            shape: [3, 12, 12],
            count: 70,
            batchSize: 23,
            learningRate: 1e-4,
            stateTolerance: 5e-3,
            biasTolerance: 0.1,
            model: Self.preActResNet(width: 8)
        )
        try expectAgreement(
            "wide",
            shape: [3, 12, 12],
            count: 70,
            batchSize: 23,
            model: Self.wideResNet(isTextbook: true)
        )
    }

    @Test("Gradients are as near to those in double precision as autograd's are")
    func gradients() throws {
        let models: [(String, EnginePair.MakeModel)] = [
            ("18", Self.preActResNet(width: 8)),
            ("18, textbook", Self.preActResNet(width: 8, hasFinalNorm: true)),
            ("50", Self.preActResNet(.fifty, width: 4)),
            ("wide", Self.wideResNet(isTextbook: false)),
            ("wide, textbook", Self.wideResNet(isTextbook: true)),
        ]
        var flips: [String] = []
        // With 17 examples, convolutions are computed by tiles.
        for batch in [11, 17] {
            for (name, model) in models {
                let pair = try EnginePair(
                    .manifoldMixup(layers: [2]),
                    shape: [3, 16, 16],
                    count: batch,
                    batchSize: batch,
                    model: model
                )
                let (fused, autograd, largest) = try pair.gradientDistances()
                let label = "\(name), batch \(batch): \(fused), \(autograd) of \(largest)"
                #expect(fused < 1e-2 * largest, "\(label)")
                if fused > 5 * autograd + 1e-6 * largest { flips.append(label) }
            }
        }
        // A ReLU whose input is 0 up to rounding may be on either side; which networks have one at
        // such a place depends on the instructions.
        #expect(flips.count <= 3, "\(flips)")
    }

    @Test("In bfloat16 gradients are as near to double precision as autograd's, at any size")
    func sizesInBFloat16() throws {
        guard try KernelTeam().hasBFloat16 else { return }
        // Odd sizes and minibatches, a first stride of 2, two blocks of channels and part of a third.
        let cases: [(name: String, shape: [Int], batch: Int, model: EnginePair.MakeModel)] = [
            ("9 × 7, batch of 9", [1, 9, 7], 9, Self.preActResNet(width: 8)),
            ("5 × 12, batch of 17", [2, 5, 12], 17, Self.wideResNet(isTextbook: true)),
            ("stride 2", [3, 16, 16], 12, Self.preActResNet(width: 8, initialStride: 2)),
            ("five channels", [5, 8, 8], 13, Self.wideResNet(isTextbook: false)),
            ("width 36", [3, 8, 8], 16, Self.preActResNet(width: 36)),
            // The shortcut and the branch of the first block read the same.
            ("wide, width 36", [3, 8, 8], 16, Self.wideResNet(isTextbook: false, width: 36)),
            ("textbook, width 36", [3, 8, 8], 16, Self.wideResNet(isTextbook: true, width: 36)),
        ]
        for (name, shape, batch, model) in cases {
            for layer in [0, 2] {
                let pair = try EnginePair(
                    .manifoldMixup(layers: [layer]),
                    shape: shape,
                    count: batch,
                    batchSize: batch,
                    precision: .bfloat16,
                    model: model
                )
                #expect(pair.fused.engineSummary.hasPrefix("fused"), "\(name)")
                let (fused, autograd, largest) = try pair.gradientDistances()
                let label = "\(name), layer \(layer): \(fused), \(autograd) of \(largest)"
                #expect(fused < 3 * autograd, "\(label)")
                #expect(fused > 1e-5 * largest, "\(label): not bfloat16")
            }
        }
    }

    @Test(
        "In bfloat16 the loss curve of a residual network is that of float32",
        arguments: [([3, 32, 32], 100, 16, 1e-3), ([3, 16, 16], 32, 8, 5e-3)]
    )
    func bfloat16(shape: [Int], batch: Int, width: Int, tolerance: Double) throws {
        guard try KernelTeam().hasBFloat16 else {
            print("no curve in bfloat16: this CPU has no product of it")
            return
        }
        func pair(_ precision: Precision) throws -> EnginePair {
            try EnginePair(
                shape: shape,
                count: 2 * batch,
                batchSize: batch,
                learningRate: 1e-3,
                precision: precision,
                model: Self.preActResNet(width: width)
            )
        }
        // Rounding moves signs of ReLUs, so that even autograd's own curves differ this much; on small
        // images, or with few examples, each of them matters more.
        let (rounded, exact) = (try pair(.bfloat16), try EnginePair.losses(pair(.float32).autograd))
        let distance = try EnginePair.distance(EnginePair.losses(rounded.fused), exact)
        let usual = try EnginePair.distance(EnginePair.losses(rounded.autograd), exact)
        #expect(distance < tolerance, "\(distance), autograd \(usual)")
        #expect(distance < 3 * usual, "\(distance), autograd \(usual)")
        #expect(distance > 1e-6, "not bfloat16")
    }

    @Test("In bfloat16 an evaluation has the weights and the statistics of its moment")
    func evaluationsInBFloat16() throws {
        guard try KernelTeam().hasBFloat16 else { return }
        let models: [(String, EnginePair.MakeModel)] = [
            ("18", Self.preActResNet(width: 8)),
            ("18, textbook", Self.preActResNet(width: 36, hasFinalNorm: true)),
            ("50", Self.preActResNet(.fifty, width: 4)),
            ("wide", Self.wideResNet(isTextbook: true)),
        ]
        for (name, model) in models {
            let pair = try EnginePair(
                shape: [3, 8, 8],
                count: 36,
                batchSize: 12,
                learningRate: 0.1,
                precision: .bfloat16,
                model: model
            )
            let test = pair.fused.data.test
            // The trainer keeps its plan from one evaluation to the next, the model makes a new one.
            func differences() throws -> (Double, Double, nll: Double) {
                let byTrainer = try pair.fused.evaluate(on: test).negativeLogLikelihood
                func nll(_ engine: TrainingEngine, _ precision: Precision) throws -> Double {
                    // Minibatches of 9, and a last one of 4.
                    try pair.fused.model.evaluate(
                        on: test,
                        batchSize: 9,
                        precision: precision,
                        engine: engine
                    ).negativeLogLikelihood
                }
                let exact = try nll(.autograd, .float32)
                return (
                    abs(byTrainer / exact - 1), abs(try nll(.fused, .bfloat16) / exact - 1), exact
                )
            }
            let first = try differences()
            for _ in 0..<12 { try pair.fused.stepForever() }
            let second = try differences()
            for difference in [first.0, first.1, second.0, second.1] {
                #expect(difference < 2e-2, "\(name): \(difference)")
            }
            #expect(abs(first.nll / second.nll - 1) > 5e-2, "\(name): \(first.nll), \(second.nll)")
        }
    }

    @Test("In bfloat16 an evaluation between two steps changes neither", arguments: [9, 12])
    func evaluationsBetweenSteps(batchSize: Int) throws {
        guard try KernelTeam().hasBFloat16 else { return }
        // Of the size of the minibatches, and of other odd and even sizes.
        let tests = try [9, 12, 35, 40].map { try TestData.blobs(count: $0, shape: [3, 8, 8]) }
        for model in [
            Self.preActResNet(width: 8), Self.preActResNet(.fifty, width: 4),
            Self.preActResNet(width: 36, hasFinalNorm: true), Self.wideResNet(isTextbook: true),
        ] {
            func state(evaluating: Bool) throws -> [[Double]] {
                let trainer = try EnginePair(
                    shape: [3, 8, 8],
                    count: 45,
                    batchSize: batchSize,
                    precision: .bfloat16,
                    model: model
                ).fused
                for step in 0..<8 {
                    try trainer.stepForever()
                    if evaluating { _ = try trainer.evaluate(on: tests[step % tests.count]) }
                }
                return try trainer.model.stateDictionary().map {
                    try $0.tensor.to(.float64).scalars(as: Double.self)
                }
            }
            #expect(try state(evaluating: true) == state(evaluating: false))
        }
    }
}
