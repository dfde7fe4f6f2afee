import LibTorch
import ManifoldMixup
import MixupData
import MixupModels
import TestDevices
import Testing

@testable import MixupTraining

@Suite("Steps by CUDA graphs where there are none")
struct NoGraphEngineTests {
    @Test("On the CPU they are refused, with what to choose")
    func onCPU() throws {
        let error = #expect(throws: TrainingError.self) {
            _ = try TestData.trainer(engine: .cudaGraphs, device: .cpu)
        }
        let message = error?.description ?? ""
        #expect(message.contains("cuda-graphs does not cover models on the CPU"))
        #expect(message.contains("choose the engine autograd"))
    }
}

@Suite(
    "Steps by CUDA graphs",
    .enabled(if: TestDevices.canRecord, "\(TestDevices.reasonAgainstRecording)")
)
struct GraphEngineTests {
    private static let methods: [@Sendable () throws -> (any MixingMethod)?] = [
        { nil },
        { try .manifoldMixup(alpha: 1) },
        { try .inputMixup() },
        { try Mixup(alpha: 1, eligibleLayers: nil, isFolded: true, blocksGradients: true) },
        { try CutMix() },
        { try Cutout() },
    ]

    private func trainer(
        _ engine: TrainingEngine,
        precision: Precision = .float64,
        mixup: (any MixingMethod)?,
        dropout: Double = 0
    ) throws -> Trainer {
        try TestData.trainer(
            mixup: mixup,
            shape: [1, 4, 4],
            dropout: dropout,
            batchNorm: true,
            precision: precision,
            clipNorm: 1,
            emaDecay: 0.9,
            engine: engine,
            device: .cuda(0)
        )
    }

    @Test(
        "They are those of autograd, with every method: losses, weights, running statistics",
        arguments: methods.indices
    )
    func everyMethod(number: Int) throws {
        try TestDevices.use {
            let before = TestDevices.repeatedRecordingCount
            let trainers = try [TrainingEngine.autograd, .cudaGraphs].map {
                try trainer($0, mixup: Self.methods[number]())
            }
            let courses = try trainers.map { try $0.course().losses }
            #expect(trainers[1].engineSummary == "autograd by CUDA graphs")
            #expect(courses[0].count > 10)
            #expect(largestDifference(courses[0], courses[1]) < 1e-10)
            for (one, other) in zip(
                trainers[0].model.stateDictionary(),
                trainers[1].model.stateDictionary()
            ) {
                let (a, b) = (
                    try one.tensor.to(.float64).detached().scalars(as: Double.self),
                    try other.tensor.to(.float64).detached().scalars(as: Double.self)
                )
                #expect(largestDifference(a, b) < 1e-10, "\(one.name)")
            }
            if let before, let after = TestDevices.repeatedRecordingCount {
                #expect(after > before)
            }
        }
    }

    @Test("In bfloat16, λ of the hidden states is that of the targets")
    func bfloat16() throws {
        try TestDevices.use {
            let courses = try [TrainingEngine.autograd, .cudaGraphs].map {
                try trainer($0, precision: .bfloat16, mixup: .manifoldMixup(alpha: 1)).course()
                    .losses
            }
            #expect(largestDifference(courses[0], courses[1]) < 0.02)
        }
    }

    @Test("A residual network with channels last trains as by autograd")
    func residualNetwork() throws {
        try TestDevices.use {
            let losses = try [TrainingEngine.autograd, .cudaGraphs].map { engine in
                let streams = try RandomStreams(seed: 1)
                let model = try PreActResNet(
                    .eighteen,
                    inputShape: [3, 8, 8],
                    classCount: 3,
                    width: 4,
                    generator: streams[.initialization]
                )
                try model.move(to: .cuda(0))
                let data = try TestData.blobs(count: 44, shape: [3, 8, 8])
                let trainer = try Trainer(
                    model,
                    data: DataSplits(train: data, test: data),
                    optimizer: SGD(model, learningRate: 0.01),
                    settings: TrainingSettings(
                        epochs: 3,
                        batchSize: 8,
                        mixup: .manifoldMixup(alpha: 2),
                        channelsLast: true,
                        engine: engine
                    ),
                    streams: streams
                )
                return try trainer.course().losses
            }
            #expect(losses[0].count == 18)
            #expect(largestDifference(losses[0], losses[1]) < 1e-3)
        }
    }

    @Test("What a recording cannot do is refused")
    func refusals() throws {
        try TestDevices.use {
            let refused: [(any MixingMethod, Double, String)] = [
                (
                    try Mixup(alpha: 1, eligibleLayers: nil, lambdaScope: .sample), 0,
                    "one λ for each example"
                ),
                (
                    try Mixup(alpha: 1, eligibleLayers: nil, partner: .separate), 0,
                    "separate minibatches"
                ),
                (try Mixup.manifoldMixup(), 0.2, "dropout"),
            ]
            for (method, dropout, reason) in refused {
                let error = #expect(throws: TrainingError.self) {
                    _ = try trainer(.cudaGraphs, mixup: method, dropout: dropout)
                }
                #expect(error?.description.contains(reason) == true)
            }
        }
    }
}
