import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("Input Mixup is the case S = {0}")
struct InputMixupTests {
    /// Mixing before the model, with λ and permutation from the same streams, as Zhang et al. do it.
    private func mixedByHand(
        _ streams: RandomStreams,
        _ input: Tensor,
        _ targets: Tensor
    ) throws -> (input: Tensor, targets: Tensor) {
        let lambda = try SymmetricBeta(alpha: 1).draw(1, from: streams[.lambda])[0]
        let permutation = try streams[.permutation].permutation(input.shape[0])
        return (
            try input.rows(permutation).interpolated(to: input, weight: lambda),
            try targets.rows(permutation).interpolated(to: targets, weight: lambda)
        )
    }

    @Test(
        "It trains the same weights as mixing before the model, bit for bit",
        arguments: Variation.all
    )
    func equalsMixingBefore(variation: Variation) throws {
        let streams = (try RandomStreams(seed: 3), try RandomStreams(seed: 3))
        let mixup = try Mixup.inputMixup()
        let inside = try variation.weightsAfterTraining { model, input, targets, dropout in
            let draw = try mixup.draw(batchSize: 9, streams: streams.0)
            #expect(draw.layer == 0)
            return try model.trainingPass(
                input,
                targets: targets,
                mixing: draw,
                dropoutGenerator: dropout
            )
        }
        let before = try variation.weightsAfterTraining { model, input, targets, dropout in
            let (mixedInput, mixedTargets) = try mixedByHand(streams.1, input, targets)
            return try model.trainingPass(
                mixedInput,
                targets: mixedTargets,
                mixing: nil,
                dropoutGenerator: dropout
            )
        }
        #expect(inside == before)
    }

    @Test("Manifold Mixup at a later boundary trains other weights from the same draws")
    func power() throws {
        let variation = Variation(dropout: 0, batchNorm: false)
        let weights = try [[0], [2]].map { layers in
            let streams = try RandomStreams(seed: 3)
            let mixup = try Mixup.manifoldMixup(alpha: 1, layers: layers)
            return try variation.weightsAfterTraining { model, input, targets, _ in
                let draw = try mixup.draw(batchSize: 9, streams: streams)
                return try model.trainingPass(input, targets: targets, mixing: draw)
            }
        }
        #expect(weights[0] != weights[1])
    }
}
