import LibTorch
import ManifoldMixup
import Testing

@Suite("The ends of λ")
struct ExtremeLambdaTests {
    private func draw(layer: Int, lambdas: [Double]) throws -> MixDraw {
        let permutation = try Generator(seed: 1).permutation(9)
        return MixDraw(layer: layer, lambdas: lambdas, pairing: .permutation(permutation))
    }

    @Test(
        "Training with λ = 1 equals training without mixup, bit for bit",
        arguments: Variation.all,
        [0, 1, 2]
    )
    func one(variation: Variation, layer: Int) throws {
        let plain = try variation.weightsAfterTraining { model, input, targets, dropout in
            try model.trainingPass(
                input,
                targets: targets,
                mixing: nil,
                dropoutGenerator: dropout
            )
        }
        for lambdas in [[1.0], [Double](repeating: 1, count: 9)] {
            let mixed = try variation.weightsAfterTraining { model, input, targets, dropout in
                try model.trainingPass(
                    input,
                    targets: targets,
                    mixing: draw(layer: layer, lambdas: lambdas),
                    dropoutGenerator: dropout
                )
            }
            #expect(mixed == plain)
        }
    }

    @Test("Training with λ = 0.9 does not equal training without mixup", arguments: Variation.all)
    func power(variation: Variation) throws {
        let weights = try [1, 0.9].map { lambda in
            try variation.weightsAfterTraining { model, input, targets, dropout in
                try model.trainingPass(
                    input,
                    targets: targets,
                    mixing: draw(layer: 1, lambdas: [lambda]),
                    dropoutGenerator: dropout
                )
            }
        }
        #expect(weights[0] != weights[1])
    }

    @Test("λ = 0 is the permuted minibatch exactly, logits and targets", arguments: [0, 1, 2])
    func zero(layer: Int) throws {
        let model = try integerNetwork()
        for count in [1, 2, 3, 7, 8] {
            let input = try integers([count, 4], seed: 5)
            let targets = try oneHotTargets(count, classCount: 3)
            let permutation = try Generator(seed: 6).permutation(count)
            let plain = try model(input.rows(permutation), ForwardPass())
            for lambdas in [[0.0], [Double](repeating: 0, count: count)] {
                let draw = MixDraw(
                    layer: layer,
                    lambdas: lambdas,
                    pairing: .permutation(permutation)
                )
                let found = try model.trainingPass(input, targets: targets, mixing: draw)
                #expect(try bytes(found.logits) == bytes(plain))
                #expect(try bytes(found.targets) == bytes(targets.rows(permutation)))
            }
        }
    }

    @Test("Training without mixup hands the targets through and makes the same pass as a plain one")
    func none() throws {
        let model = try integerNetwork()
        let input = try integers([7, 4], seed: 5)
        let targets = try oneHotTargets(7, classCount: 3)
        let found = try model.trainingPass(input, targets: targets, mixing: nil)
        #expect(try bytes(found.logits) == bytes(model(input, ForwardPass())))
        #expect(try bytes(found.targets) == bytes(targets))
    }
}
