import Foundation
import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import TestDevices
import TestRanks
import Testing

@testable import MixupTraining

@Suite("Trainings and where they were computed")
struct DeviceRecordTests {
    @Test("What a checkpoint says of its machine names a device only where it is not the CPU")
    func machine() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let here = String(decoding: try encoder.encode(CheckpointState.Machine()), as: UTF8.self)
        #expect(!here.contains("device"))
        #expect(CheckpointState.Machine(.cuda(0)) != CheckpointState.Machine())
        #expect(CheckpointState.Machine(.cuda(0)).device == "cuda:0")
    }
}

/// On imitated devices the numbers are nearly the CPU's; on real ones rounding differs, and convolutions
/// may use TF32, so that losses agree to a part in a thousand rather than to the last bits.
@Suite(
    "Trainings on a CUDA device",
    .enabled(if: TestDevices.areUsable, "\(TestDevices.reason)")
)
struct CUDATrainingTests {
    private static let methods: [@Sendable () throws -> (any MixingMethod)?] = [
        { nil },
        { try .manifoldMixup(alpha: 1) },
        { try Mixup(alpha: 1, eligibleLayers: nil, lambdaScope: .sample, isFolded: true) },
        { try Mixup(alpha: 1, eligibleLayers: nil, partner: .separate) },
        { try Mixup(alpha: 1, eligibleLayers: nil, blocksGradients: true) },
        { try CutMix() },
        { try Cutout() },
    ]

    private func trainer(
        on device: Device,
        precision: Precision = .float32,
        mixup: (any MixingMethod)? = nil
    ) throws -> Trainer {
        try TestData.trainer(
            mixup: mixup ?? Mixup(alpha: 1, eligibleLayers: nil, lambdaScope: .sample),
            shape: [1, 4, 4],
            dropout: 0.2,
            batchNorm: true,
            precision: precision,
            clipNorm: 1,
            emaDecay: 0.9,
            engine: .autograd,
            device: device
        )
    }

    @Test("Equal seeds mean equal draws, and losses that agree to 0.001 over four epochs")
    func parity() throws {
        try TestDevices.use {
            let here = try trainer(on: .cpu).course()
            let there = try trainer(on: .cuda(0)).course()
            #expect(here.draws == there.draws)
            #expect(largestDifference(here.losses, there.losses) < 1e-3)
        }
    }

    @Test("They do with every method, and the state is on the device", arguments: methods.indices)
    func everyMethod(number: Int) throws {
        try TestDevices.use {
            let trainers = try [Device.cpu, .cuda(0)].map {
                try trainer(on: $0, precision: .float64, mixup: Self.methods[number]())
            }
            let courses = try trainers.map { try $0.course() }
            #expect(courses[0].draws == courses[1].draws)
            #expect(largestDifference(courses[0].losses, courses[1].losses) < 1e-9)
            let there = trainers[1]
            #expect(there.device == .cuda(0) && there.engineSummary == "autograd")
            let average = there.average?.stateDictionary() ?? []
            for named in there.model.stateDictionary() + average + there.optimizer.state {
                #expect(try named.tensor.device == .cuda(0), "\(named.name)")
            }
        }
    }

    @Test("The engine auto is autograd there, and the fused one refuses")
    func engines() throws {
        try TestDevices.use {
            let usual = try TestData.trainer(device: .cuda(0))
            #expect(usual.engineSummary == "autograd")
            let error = #expect(throws: TrainingError.self) {
                _ = try TestData.trainer(engine: .fused, device: .cuda(0))
            }
            #expect(error?.description.contains("models on cuda:0") == true)
        }
    }

    @Test("A recipe's run goes to the device, and is resumed and evaluated on either")
    func run() throws {
        try TestDevices.use {
            let folder = try ScratchFolder()
            let data = try DataSplits(
                train: TestData.blobs(count: 24),
                test: TestData.blobs(count: 9)
            )
            var recipe = Recipe(
                model: .init(name: .mlp, widths: [6]),
                training: .init(epochs: 2, batchSize: 6, device: .cuda(nil))
            )
            // A run holds a lock on its folder.
            func train() throws -> Evaluation {
                let run = try TrainingRun.start(recipe, at: folder.path + "/run", data: data)
                #expect(run.trainer.device == .cuda(0))
                #expect(try run.run() == .finished)
                return try run.trainer.evaluate(on: data.test)
            }
            let there = try train()
            let again = try TrainingRun.resume(folder.path + "/run", data: data, device: .cpu)
            #expect(again.trainer.device == .cpu && !again.isExact)
            let here = try again.trainer.evaluate(on: data.test)
            #expect(abs(here.negativeLogLikelihood - there.negativeLogLikelihood) < 1e-4)
            recipe.training.device = .auto
            #expect(try recipe.makeTrainer(data: data).device == .cuda(0))
            recipe.training.engine = .fused
            #expect(try recipe.makeTrainer(data: data).device == .cpu)
        }
    }

    @Test(
        "Two processes, each with a device of its own, train as two on the CPU",
        .enabled(if: ProcessGroup.isBuiltIn, "built without Gloo: \(ProcessGroup.cure)"),
        arguments: [false, true]
    )
    func ranks(isSynchronised: Bool) throws {
        func losses(_ device: DeviceChoice) throws -> [[Double]] {
            try inRanks(2) { group in
                try TestDevices.use {
                    let recipe = Recipe(
                        model: .init(name: .mlp, widths: [6], batchNorm: true),
                        training: .init(
                            epochs: 2,
                            batchSize: 6,
                            precision: .float64,
                            syncBatchNorm: isSynchronised,
                            engine: .autograd,
                            device: device
                        )
                    )
                    let data = try DataSplits(
                        train: TestData.blobs(count: 24),
                        test: TestData.blobs(count: 9)
                    )
                    let trainer = try recipe.makeTrainer(data: data, ranks: Ranks(group))
                    try trainer.shareState()
                    #expect(trainer.device == (device == .cpu ? .cpu : .cuda(group.rank)))
                    return try trainer.course().losses
                }
            }
        }
        let (here, there) = (try losses(.cpu), try losses(.cuda(nil)))
        #expect(here[0] == here[1] && there[0] == there[1])
        #expect(largestDifference(here[0], there[0]) < 1e-9)
    }

    @Test("In float64 they agree to 1e-9")
    func parityInDoublePrecision() throws {
        try TestDevices.use {
            let here = try trainer(on: .cpu, precision: .float64).course()
            let there = try trainer(on: .cuda(0), precision: .float64).course()
            #expect(largestDifference(here.losses, there.losses) < 1e-9)
        }
    }

    @Test("In bfloat16 they agree to 0.05, and evaluations to as much")
    func bfloat16() throws {
        try TestDevices.use {
            let (here, there) = (
                try trainer(on: .cpu, precision: .bfloat16),
                try trainer(on: .cuda(0), precision: .bfloat16)
            )
            let courses = (try here.course(), try there.course())
            #expect(largestDifference(courses.0.losses, courses.1.losses) < 0.05)
            let results = (
                try here.evaluate(on: here.data.test), try there.evaluate(on: here.data.test)
            )
            let difference = results.0.negativeLogLikelihood - results.1.negativeLogLikelihood
            #expect(abs(difference) < 0.05)
        }
    }

    @Test("A residual network takes a step as on the CPU, with every method")
    func residualNetwork() throws {
        try TestDevices.use {
            for method: (any MixingMethod)? in [
                nil, try Mixup.manifoldMixup(alpha: 1), try CutMix(), try Cutout(),
            ] {
                let losses = try [Device.cpu, .cuda(0)].map { device in
                    let streams = try RandomStreams(seed: 1)
                    let model = try PreActResNet(
                        .eighteen,
                        inputShape: [3, 8, 8],
                        classCount: 3,
                        width: 8,
                        generator: streams[.initialization]
                    )
                    try model.move(to: device)
                    let data = try TestData.blobs(count: 24, shape: [3, 8, 8])
                    let trainer = try Trainer(
                        model,
                        data: DataSplits(train: data, test: data),
                        optimizer: SGD(model, learningRate: 0.01),
                        settings: TrainingSettings(
                            epochs: 1,
                            batchSize: 8,
                            mixup: method,
                            channelsLast: true
                        ),
                        streams: streams
                    )
                    return try trainer.course().losses
                }
                #expect(largestDifference(losses[0], losses[1]) < 1e-2)
            }
        }
    }

    @Test("A checkpoint moves from CUDA to the CPU and back, and the training goes on")
    func checkpoint() throws {
        try TestDevices.use {
            let folder = try ScratchFolder()
            let whole = try trainer(on: .cuda(0)).course()
            let first = try trainer(on: .cuda(0))
            var losses: [Double] = []
            try first.run(onStep: {
                losses.append($0.loss)
                return losses.count < 7
            })
            let state = CheckpointState(
                position: first.position,
                best: nil,
                recipe: "",
                exampleCount: first.data.train.count
            )
            try Checkpoint.write(first, state: state, to: folder.path + "/checkpoint")
            for device in [Device.cuda(0), .cpu] {
                let second = try trainer(on: device)
                try Checkpoint(readingFrom: folder.path + "/checkpoint").restore(second)
                #expect(try second.model.device == device)
                let rest = try second.course()
                #expect(largestDifference(losses + rest.losses, whole.losses) < 1e-3)
            }
        }
    }
}
