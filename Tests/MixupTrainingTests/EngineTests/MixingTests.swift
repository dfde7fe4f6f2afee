import LibTorch
import ManifoldMixup
import MixupData
import Testing

@testable import MixupTraining

@Suite("Training with other methods and schedules")
struct MixingTests {
    private static let policy = Result {
        try MixingPolicy(
            [
                .init(Mixup.manifoldMixup(), weight: 2), .init(CutMix()), .init(Cutout()),
                .init(nil),
            ],
            probability: 0.8,
            stopEpoch: 3
        )
    }

    private func trainer(
        _ method: (any MixingMethod)?,
        epochs: Int = 4,
        engine: TrainingEngine = .auto
    ) throws -> Trainer {
        try TestData.trainer(
            mixup: method,
            shape: [1, 4, 4],
            epochs: epochs,
            dropout: 0.2,
            engine: engine
        )
    }

    private func reports(_ trainer: Trainer) throws -> [StepReport] {
        var reports: [StepReport] = []
        try trainer.run(onStep: {
            reports.append($0)
            return true
        })
        return reports
    }

    @Test(
        "Every method trains on images, whatever the size of the minibatch",
        arguments: [1, 3, 23]
    )
    func batchSizes(batchSize: Int) throws {
        for method in [try CutMix(), try Cutout(), try Self.policy.get()] as [any MixingMethod] {
            let trainer = try TestData.trainer(
                mixup: method,
                shape: [1, 4, 4],
                batchSize: batchSize,
                epochs: 2
            )
            #expect(try trainer.run())
        }
    }

    @Test("CutMix, Cutout and a choice learn separable images")
    func learns() throws {
        for method in [try CutMix(), try Cutout(), try Self.policy.get()] as [any MixingMethod] {
            let trainer = try TestData.trainer(
                mixup: method,
                count: 90,
                shape: [1, 4, 4],
                batchSize: 16,
                epochs: 30
            )
            try trainer.run()
            #expect(try trainer.model.evaluate(on: trainer.data.test).error <= 0.1)
        }
    }

    @Test("Each step reports its method, boundary and λ")
    func reports() throws {
        for report in try reports(trainer(CutMix())) {
            #expect(report.method == "cutmix" && report.layer == 0)
            #expect((0...1).contains(report.lambda ?? -1))
        }
        for report in try reports(trainer(Cutout())) {
            #expect(report.method == "cutout" && report.layer == 0 && report.lambda == nil)
        }
        for report in try reports(trainer(nil)) {
            #expect(report.method == "none" && report.layer == nil && report.lambda == nil)
        }
        #expect(try reports(trainer(Mixup.inputMixup())).allSatisfy { $0.method == "input-mixup" })
        let mixed = try reports(trainer(Mixup.manifoldMixup()))
        #expect(mixed.allSatisfy { $0.method == "manifold-mixup" })
    }

    @Test("A policy of one method with probability 1 trains the same weights, bit for bit")
    func transparent() throws {
        for method in [try Mixup.manifoldMixup(), try CutMix()] as [any MixingMethod] {
            let (alone, wrapped) = (try trainer(method), try trainer(MixingPolicy(method)))
            try alone.run()
            try wrapped.run()
            #expect(try alone.weightBytes() == wrapped.weightBytes())
        }
    }

    @Test("A policy that never mixes trains as without mixup, bit for bit")
    func never() throws {
        let (plain, idle) = (try trainer(nil), try trainer(MixingPolicy(CutMix(), probability: 0)))
        try plain.run()
        try idle.run()
        #expect(try plain.weightBytes() == idle.weightBytes())
    }

    @Test("Mixing stops after its last epoch, and until then nothing else changes")
    func stopEpoch() throws {
        let stopped = try reports(trainer(MixingPolicy(CutMix(), stopEpoch: 2)))
        let endless = try reports(trainer(CutMix()))
        #expect(stopped.count == 20)
        #expect(stopped.prefix(10).map(\.loss) == endless.prefix(10).map(\.loss))
        #expect(stopped.prefix(10).map(\.lambda) == endless.prefix(10).map(\.lambda))
        #expect(stopped.suffix(10).allSatisfy { $0.method == "none" })
    }

    @Test("Separate partners go with methods that need none, and leave those as they are")
    func separatePartners() throws {
        let separate = try Mixup(alpha: 1, eligibleLayers: nil, partner: .separate)
        let mostly = try MixingPolicy([.init(separate), .init(CutMix()), .init(nil)])
        let found = try reports(trainer(mostly))
        #expect(Set(found.map(\.method)) == ["manifold-mixup", "cutmix", "none"])
        // What stays as it is has no second minibatch behind it.
        let never = try trainer(
            MixingPolicy([.init(separate, weight: 0), .init(nil)]),
            engine: .autograd
        )
        let plain = try trainer(nil, engine: .autograd)
        try never.run()
        try plain.run()
        #expect(try never.weightBytes() == plain.weightBytes())
    }

    @Test("A training that is restored at any step draws on as the one before", arguments: 0..<20)
    func resume(stop: Int) throws {
        let whole = try trainer(Self.policy.get())
        try whole.run()
        let first = try trainer(Self.policy.get())
        if stop > 0 { try first.run(onStep: { $0.position.step < stop }) }
        let folder = try ScratchFolder()
        let state = CheckpointState(
            position: first.position,
            best: nil,
            recipe: "",
            exampleCount: first.data.train.count
        )
        try Checkpoint.write(first, state: state, to: folder.path + "/checkpoint")
        let second = try trainer(Self.policy.get())
        _ = try second.step()
        try Checkpoint(readingFrom: folder.path + "/checkpoint").restore(second)
        try second.run()
        #expect(try second.weightBytes() == whole.weightBytes())
    }

    @Test("CutMix and Cutout of a table are an error before the first step")
    func tables() throws {
        let choice = try MixingPolicy([.init(CutMix()), .init(nil)])
        for method in [try CutMix(), try Cutout(), choice] as [any MixingMethod] {
            let error = #expect(throws: MixupError.self) { try TestData.trainer(mixup: method) }
            #expect(error?.message.contains("for images [C, H, W]") == true)
        }
    }
}
