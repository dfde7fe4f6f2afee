import LibTorch
import Testing

@Suite("Stochastic gradient descent")
struct SGDTests {
    struct Setting: Sendable {
        var momentum = 0.0
        var nesterov = false
        var weightDecay = 0.0
    }

    private static let settings = [
        Setting(), Setting(weightDecay: 0.02), Setting(momentum: 0.9),
        Setting(momentum: 0.9, nesterov: true),
        Setting(momentum: 0.5, nesterov: false, weightDecay: 0.02),
        Setting(momentum: 0.9, nesterov: true, weightDecay: 0.02),
        Setting(momentum: 0, nesterov: true, weightDecay: 0.02),
    ]

    @Test("Every step is the recurrence of PyTorch's documentation", arguments: settings)
    func recurrence(_ setting: Setting) throws {
        let bowl = Bowl()
        let module = try Parameters(bowl.start)
        let optimizer = try SGD(
            module,
            learningRate: 0.1,
            momentum: setting.momentum,
            nesterov: setting.nesterov,
            weightDecay: setting.weightDecay
        )
        var expected = bowl.start
        var directions = bowl.start.map { $0.map { _ in 0.0 } }
        for step in 0..<12 {
            // A schedule changes the learning rate between steps.
            optimizer.learningRate = 0.1 / Double(step + 1)
            try optimizer.step(minimizing: bowl.loss(module.tensors))
            for (index, position) in bowl.positions {
                var gradient = bowl.gradient(index, position, at: expected[index][position])
                gradient += setting.weightDecay * expected[index][position]
                let direction = setting.momentum * directions[index][position] + gradient
                directions[index][position] = direction
                if setting.nesterov { gradient += setting.momentum * direction }
                let change = setting.nesterov ? gradient : direction
                expected[index][position] -= optimizer.learningRate * change
            }
            for (tensor, values) in zip(module.tensors, expected) {
                #expect(try largestDifference(tensor.doubles, values) < 1e-13)
            }
        }
    }

    @Test("The defaults are the paper's: momentum 0.9 with Nesterov, weight decay 1e-4")
    func defaults() throws {
        let optimizer = try SGD(Parameters([[1]]))
        #expect(optimizer.learningRate == 0.1 && optimizer.momentum == 0.9)
        #expect(optimizer.nesterov && optimizer.weightDecay == 1e-4)
    }

    @Test("Without momentum there is no state; with it, a buffer for each parameter")
    func state() throws {
        let module = try Parameters([[1], [2, 3]])
        #expect(try SGD(module, momentum: 0).state.isEmpty)
        let state = try SGD(module, momentum: 0.5).state
        #expect(state.map(\.name) == ["momentum.0", "momentum.1"])
        #expect(try state.map { try $0.tensor.doubles } == [[0], [0, 0]])
    }

    @Test("Only parameters are learned; buffers such as running statistics stay")
    func buffersStay() throws {
        let norm = try BatchNorm(2)
        let before = try norm.stateDictionary().map { try $0.tensor.clone() }
        let optimizer = try SGD(norm, momentum: 0, weightDecay: 0.1)
        try optimizer.step(minimizing: (norm.weight + norm.bias).sum())
        let after = norm.stateDictionary()
        let changed = try zip(before, after).filter { try !$0.isEqual(to: $1.tensor) }
        #expect(changed.map(\.1.name) == ["weight", "bias"])
    }

    @Test("Float32 and bfloat16 parameters are learned too", arguments: [DType.float32, .bfloat16])
    func otherTypes(_ dtype: DType) throws {
        let parameter = try Tensor.ones([3], dtype: dtype).requiringGradient()
        let optimizer = try SGD(Parameters([parameter]), learningRate: 0.5, momentum: 0)
        try optimizer.step(minimizing: parameter.sum())
        #expect(try parameter.dtype == dtype)
        #expect(try parameter.doubles.allSatisfy { abs($0 - 0.5) < 1e-3 })
    }
}
