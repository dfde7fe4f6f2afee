import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("Targets of a mix")
struct TargetTests {
    private let draw: MixDraw
    private let model: MLP
    private let input: Tensor

    init() throws {
        draw = MixDraw(
            layer: 1,
            lambdas: [0.3],
            pairing: .permutation(try Generator(seed: 2).permutation(6))
        )
        model = try Variation(dropout: 0, batchNorm: false).model()
        input = try normal([6, 6], seed: 1)
    }

    // torchvision #8427 refused one-hot labels, #4907 label smoothing.
    @Test("One-hot, smoothed and already mixed targets are all accepted and stay distributions")
    func distributions() throws {
        let oneHot = try oneHotTargets(6, classCount: 5)
        let smoothed = try oneHot * 0.9 + 0.02
        let again = try draw.mixed(oneHot)
        for targets in [oneHot, smoothed, again] {
            let found = try model.trainingPass(input, targets: targets, mixing: draw)
            let expected = try mixed(rows(targets), lambdas: [0.3], partners: draw.partners)
            for (row, wanted) in zip(try rows(found.targets), expected) {
                #expect(abs(row.reduce(0, +) - 1) < 1e-6)
                for (left, right) in zip(row, wanted) { #expect(abs(left - right) < 1e-6) }
            }
            for loss in MixupLoss.allCases {
                #expect(try loss(found.logits, found.targets).item().isFinite)
            }
        }
    }

    // kornia #4657, keras-cv #1092, tensorflow/models #10318: labels in half precision.
    @Test(
        "bfloat16 autocast computes the states in bfloat16 and leaves the targets alone",
        arguments: [0, 1, 2]
    )
    func autocast(layer: Int) throws {
        let targets = try oneHotTargets(6, classCount: 5)
        for lambdas in [[0.3], [0.3, 0.1, 0.9, 0.7, 0.5, 0.2]] {
            let draw = MixDraw(layer: layer, lambdas: lambdas, pairing: draw.pairing)
            let plain = try model.trainingPass(input, targets: targets, mixing: draw)
            let cast = try withBFloat16Autocast(true) {
                try model.trainingPass(input, targets: targets, mixing: draw)
            }
            #expect(try cast.logits.dtype == .bfloat16)
            #expect(try cast.targets.dtype == .float32)
            #expect(try bytes(cast.targets) == bytes(plain.targets))
            let pairs = try zip(numbers(cast.logits), numbers(plain.logits))
            #expect(pairs.allSatisfy { abs($0 - $1) < 0.02 })
            let loss = try MixupLoss.softCrossEntropy(cast.logits.to(.float32), cast.targets)
            #expect(try loss.dtype == .float32)
            try loss.backward()
            for parameter in model.parameters() {
                let gradient = try #require(try parameter.gradient)
                #expect(try gradient.dtype == .float32)
            }
        }
    }

    @Test("Class numbers instead of rows, and targets of another batch, are one-line errors")
    func misfits() throws {
        let labels = try Tensor([0, 1, 2, 3, 4, 0] as [Int64])
        let few = try oneHotTargets(5, classCount: 5)
        for targets in [labels, few, try Tensor.zeros([1, 5])] {
            _ = messageOfError {
                _ = try model.trainingPass(input, targets: targets, mixing: draw)
            }
        }
    }
}
