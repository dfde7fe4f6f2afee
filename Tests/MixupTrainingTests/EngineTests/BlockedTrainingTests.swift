import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Training with gradients blocked at the mix")
struct BlockedTrainingTests {
    private func trainer(layers: [Int], blocked: Bool) throws -> Trainer {
        try TestData.trainer(
            mixup: Mixup(
                alpha: 2,
                eligibleLayers: EligibleLayers(layers),
                blocksGradients: blocked
            ),
            epochs: 4,
            dropout: 0.2,
            // The fused engine does not cover blocking, and both sides are to be computed alike.
            engine: .autograd
        )
    }

    private func numbers(_ tensor: Tensor) throws -> [Float] { try tensor.scalars(as: Float.self) }

    /// The first two layers with what the optimizer remembers of them, and the output likewise.
    private func weights(_ trainer: Trainer) throws -> (before: [[Float]], behind: [[Float]]) {
        let all = try trainer.optimizer.parameters.map(numbers)
        let memory = try trainer.optimizer.state.map { try numbers($0.tensor) }
        return (Array(all.prefix(4) + memory.prefix(4)), Array(all.suffix(2) + memory.suffix(2)))
    }

    @Test(
        "A step that mixes at k leaves the layers before k as they are, decay and momentum included"
    )
    func steps() throws {
        let trainer = try trainer(layers: [0, 2], blocked: true)
        #expect(trainer.optimizer.parameters.count == 6)
        var last = try weights(trainer)
        var layers: [Int?] = []
        try trainer.run(onStep: { report in
            let now = try weights(trainer)
            #expect((now.before == last.before) == (report.layer == 2))
            #expect(now.behind != last.behind)
            layers.append(report.layer)
            last = now
            return true
        })
        // Also a step at 2 that follows one at 0, when there is momentum.
        #expect(zip(layers, layers.dropFirst()).contains { $0 == 0 && $1 == 2 })
    }

    @Test("At the input it changes nothing, bit for bit")
    func input() throws {
        let (free, blocked) = (
            try trainer(layers: [0], blocked: false), try trainer(layers: [0], blocked: true)
        )
        try free.run()
        try blocked.run()
        #expect(try free.weightBytes() == blocked.weightBytes())
    }

    @Test("The draws of every step are those without blocking, and the result is not")
    func draws() throws {
        let (free, blocked) = (
            try trainer(layers: [0, 1, 2], blocked: false),
            try trainer(layers: [0, 1, 2], blocked: true)
        )
        var draws: [[StepReport]] = []
        for trainer in [free, blocked] {
            var reports: [StepReport] = []
            try trainer.run(onStep: {
                reports.append($0)
                return true
            })
            draws.append(reports)
        }
        #expect(draws[0].map(\.layer) == draws[1].map(\.layer))
        #expect(draws[0].map(\.lambda) == draws[1].map(\.lambda))
        #expect(try free.weightBytes() != blocked.weightBytes())
        for (one, other) in zip(try free.streams.state(), try blocked.streams.state()) {
            #expect(
                try one.tensor.scalars(as: UInt8.self) == other.tensor.scalars(as: UInt8.self),
                "\(one.name)"
            )
        }
    }

    @Test("A recipe says so for methods that mix hidden states, and is refused for others")
    func recipe() throws {
        func method(_ yaml: String) throws -> Recipe.Method {
            try Recipe.parse(yaml: "method: \(yaml)", source: "test.yaml").method
        }
        let blocked = try method("{ alpha: 1, layers: [0, 2], block-gradients: true }")
        let expected = try Mixup(
            alpha: 1,
            eligibleLayers: EligibleLayers([0, 2]),
            blocksGradients: true
        )
        #expect(try blocked.makeMixing() as? Mixup == expected)
        #expect(try (method("{ alpha: 1 }").makeMixing() as? Mixup)?.blocksGradients == false)
        let choice = try method("{ name: choice, block-gradients: true }").makeMixing()
        let first = try #require((choice as? MixingPolicy)?.choices.first?.method as? Mixup)
        #expect(first.blocksGradients)
        for name in ["none", "input-mixup", "cutmix", "cutout"] {
            let error = #expect(throws: RecipeError.self) {
                try method("{ name: \(name), block-gradients: true }")
            }
            #expect(error?.description.contains("method.block-gradients") == true)
        }
    }
}
