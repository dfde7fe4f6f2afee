import Foundation
import LibTorch
import Testing

/// A function of one tensor, to compare its gradient with a difference quotient.
struct Differentiable: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Tensor) throws -> Tensor

    init(_ name: String, _ function: @escaping @Sendable (Tensor) throws -> Tensor) {
        testDescription = name
        self.function = function
    }
}

@Suite("Gradients")
struct GradientTests {
    /// A [2, 3] tensor of float64 without zeros or ties.
    private static func other() throws -> Tensor {
        try Tensor([0.3, 0.8, 0.45, 0.6, 0.2, 0.7], shape: [2, 3])
    }

    private static let functions: [Differentiable] = [
        Differentiable("sum") { try $0 + other() },
        Differentiable("difference") { try other() - $0 },
        Differentiable("product") { try $0 * other() * $0 },
        Differentiable("quotient") { try other() / $0 },
        Differentiable("broadcast row") { try other() * $0.sum([0]) },
        Differentiable("broadcast column") { try other() * $0.mean([1], keepingDimensions: true) },
        Differentiable("matrix product") { try $0.matrixProduct($0.transposed()) },
        Differentiable("exp") { try $0.exp() },
        Differentiable("log") { try $0.log() },
        Differentiable("square root") { try $0.squareRoot() },
        Differentiable("absolute") { try ($0 + -0.5).absolute() },
        Differentiable("digamma") { try $0.digamma() },
        Differentiable("x log y") { try $0.timesLog(of: other()) + other().timesLog(of: $0) },
        Differentiable("interpolation") {
            try $0.interpolated(to: other(), weight: 0.3)
                * other().interpolated(to: $0, weight: 0.7)
        },
        Differentiable("interpolation's weight") {
            try other().interpolated(to: other() * 3, weight: $0)
        },
        Differentiable("maximum") { try $0.maximum(other()) },
        Differentiable("linear map") { try $0.linear(weight: other(), bias: $0.mean([1])) },
        Differentiable("relu") { try ($0 + -0.5).relu() },
        Differentiable("leaky relu") { try ($0 + -0.5).leakyReLU() },
        Differentiable("tanh") { try $0.tanh() },
        Differentiable("softmax") { try $0.softmax() },
        Differentiable("log-softmax") { try $0.logSoftmax() },
        Differentiable("binary cross entropy") { try $0.binaryCrossEntropy(targets: other()) },
        Differentiable("rows") { try $0.rows(Tensor([Int64(1), 1, 0])) * $0.rows(1, count: 1) },
        Differentiable("concatenation and shapes") {
            try Tensor.concatenated([$0, $0 * 2]).reshaped([3, 4]).transposed().flattenedRows()
        },
    ]

    @Test("The gradient of every operation agrees with a difference quotient", arguments: functions)
    func differenceQuotients(_ case: Differentiable) throws {
        let point = [0.15, 0.35, 0.55, 0.75, 0.95, 0.65]
        // Squares of unequal size, so that no two elements' gradients cancel.
        func loss(_ input: Tensor) throws -> Tensor {
            let output = try `case`.function(input)
            let weights = try Tensor((1...output.elementCount).map(Double.init))
            return try (output.reshaped([-1]) * output.reshaped([-1]) * weights).sum()
        }
        let input = try Tensor(point, shape: [2, 3]).requiringGradient()
        try loss(input).backward()
        let step = 1e-5
        let quotients = try point.indices.map { index in
            let values = try [step, -step].map { offset in
                var moved = point
                moved[index] += offset
                return try loss(Tensor(moved, shape: [2, 3])).item()
            }
            return (values[0] - values[1]) / (2 * step)
        }
        let gradient = try #require(try input.gradient?.doubles)
        let scale = quotients.map(abs).max() ?? 1
        #expect(largestDifference(gradient, quotients) < 1e-7 * scale)
        #expect(gradient.contains { $0 != 0 })
    }

    @Test("The gradient of the cross entropy is the softmax less the target")
    func crossEntropy() throws {
        let logits = try Tensor([2, -1, 0.5]).requiringGradient()
        let target = try Tensor([0.7, 0.3, 0])
        try (-(target * logits.logSoftmax())).sum().backward()
        let expected = try (logits.softmax() - target).doubles
        #expect(try largestDifference(#require(try logits.gradient).doubles, expected) < 1e-15)
    }

    @Test("A linear map's gradients are products of its input and of the output's gradient")
    func linearMap() throws {
        let input = try Tensor([1, 2, 3, 4.0], shape: [2, 2])
        let weight = try Tensor([1, 1, 1, 1.0], shape: [2, 2]).requiringGradient()
        let bias = try Tensor([0, 0.0]).requiringGradient()
        let outputGradient = try Tensor([1, 10, 100, 1000.0], shape: [2, 2])
        try (input.linear(weight: weight, bias: bias) * outputGradient).sum().backward()
        let expected = try outputGradient.transposed().matrixProduct(input)
        #expect(try weight.gradient?.isEqual(to: expected) == true)
        #expect(try bias.gradient?.doubles == [101, 1010])
    }

    @Test("Gradients add up over backward passes until they are cleared")
    func accumulation() throws {
        let x = try Tensor([3.0]).requiringGradient()
        #expect(try x.gradient == nil)
        try (x * x).backward()
        #expect(try x.gradient?.doubles == [6])
        try (x * 5).backward()
        #expect(try x.gradient?.doubles == [11])
        try x.clearGradient()
        #expect(try x.gradient == nil)
        try (x * 5).backward()
        #expect(try x.gradient?.doubles == [5])
    }

    @Test("Only leaves that require gradients get one")
    func onlyLeaves() throws {
        let (x, constant) = (try Tensor([3.0]).requiringGradient(), try Tensor([4.0]))
        let product = try x * constant
        #expect(try product.requiresGradient)
        #expect(try !constant.requiresGradient)
        try product.backward()
        #expect(try x.gradient?.doubles == [4])
        #expect(try constant.gradient == nil)
    }

    @Test("A detached tensor is cut off from its graph")
    func detached() throws {
        let x = try Tensor([3.0]).requiringGradient()
        let constant = try (x * x).detached()
        #expect(try !constant.requiresGradient)
        try (x * constant).backward()
        #expect(try x.gradient?.doubles == [9])
    }

    @Test("Going backward from what recorded nothing, or twice, is refused")
    func backwardRefused() throws {
        #expect(refusal { try Tensor.ones([]).backward() }.contains("does not require grad"))
        let x = try Tensor([2.0]).requiringGradient()
        let y = try (x * x).exp()
        try y.backward()
        #expect(refusal { try y.backward() }.contains("second time"))
    }

    @Test("The recording of a leaf can be turned off, of a result it cannot")
    func turningOff() throws {
        let leaf = try Tensor([2.0]).requiringGradient()
        let result = try leaf * 2
        #expect(refusal { try result.requiringGradient(false) }.contains("leaf"))
        try leaf.requiringGradient(false)
        #expect(try !(leaf * 2).requiresGradient)
    }

    @Test("A long graph is walked and freed")
    func longGraph() throws {
        let x = try Tensor([1.0]).requiringGradient()
        var y = x
        for _ in 0..<20_000 { y = try y + 1 }
        try y.backward()
        #expect(try x.gradient?.doubles == [1])
    }
}

@Suite("The gradient mode")
struct GradientModeTests {
    private struct Interruption: Error {}

    /// Whether operations are recorded now.
    private func isRecording() throws -> Bool {
        try (Tensor([1.0]).requiringGradient() * 2).requiresGradient
    }

    @Test("Without gradients nothing is recorded, afterwards it is again")
    func withoutGradientsRestores() throws {
        #expect(try isRecording())
        #expect(try !withoutGradients { try isRecording() })
        #expect(try isRecording())
    }

    @Test("Blocks without gradients nest")
    func nesting() throws {
        let recorded = try withoutGradients {
            [try withoutGradients { try isRecording() }, try isRecording()]
        }
        #expect(recorded == [false, false])
        #expect(try isRecording())
    }

    @Test("An error that leaves a block without gradients restores the mode")
    func errorsRestore() throws {
        #expect(throws: Interruption.self) {
            try withoutGradients { throw Interruption() }
        }
        #expect(try isRecording())
        let recordedOutside = try withoutGradients {
            try? withoutGradients { throw Interruption() }
            return try isRecording()
        }
        #expect(!recordedOutside)
    }

    @Test("A failed backward pass leaves the mode as it was")
    func failedBackward() throws {
        #expect(!refusal { try Tensor.ones([]).backward() }.isEmpty)
        #expect(try isRecording())
        let recorded = try withoutGradients {
            try? Tensor.ones([]).backward()
            return try isRecording()
        }
        #expect(!recorded)
    }

    @Test("A generator may overwrite a parameter while gradients are recorded")
    func fillingParameters() throws {
        let parameter = try Tensor.zeros([8]).requiringGradient()
        try Generator(seed: 1).fillNormal(parameter)
        try (parameter * 3).sum().backward()
        #expect(try parameter.gradient?.doubles == [Double](repeating: 3, count: 8))
    }
}
