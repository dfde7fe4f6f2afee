import Foundation
import LibTorch
import Testing

@Suite("Adam and AdamW")
struct AdamTests {
    struct Setting: Sendable {
        var weightDecay = 0.0
        var decoupled = false
        var epsilon = 1e-8
    }

    private static let settings = [
        Setting(), Setting(weightDecay: 0.05), Setting(weightDecay: 0.05, decoupled: true),
        Setting(decoupled: true), Setting(epsilon: 0.3),
    ]

    @Test("Every step is the recurrence of PyTorch's documentation", arguments: settings)
    func recurrence(_ setting: Setting) throws {
        let bowl = Bowl()
        let module = try Parameters(bowl.start)
        let optimizer = try Adam(
            module,
            beta1: 0.8,
            beta2: 0.95,
            epsilon: setting.epsilon,
            weightDecay: setting.weightDecay,
            decoupled: setting.decoupled
        )
        var expected = bowl.start
        var (means, squares) = (bowl.start, bowl.start)
        for (index, position) in bowl.positions {
            means[index][position] = 0
            squares[index][position] = 0
        }
        for step in 1...12 {
            let rate = 0.1 / Double(step)
            optimizer.learningRate = rate
            try optimizer.step(minimizing: bowl.loss(module.tensors))
            for (index, position) in bowl.positions {
                var value = expected[index][position]
                var gradient = bowl.gradient(index, position, at: value)
                if setting.decoupled {
                    value *= 1 - rate * setting.weightDecay
                } else {
                    gradient += setting.weightDecay * value
                }
                let mean = 0.8 * means[index][position] + 0.2 * gradient
                let square = 0.95 * squares[index][position] + 0.05 * gradient * gradient
                means[index][position] = mean
                squares[index][position] = square
                let root = (square / (1 - pow(0.95, Double(step)))).squareRoot()
                value -= rate * mean / (1 - pow(0.8, Double(step))) / (root + setting.epsilon)
                expected[index][position] = value
            }
            for (tensor, values) in zip(module.tensors, expected) {
                #expect(try largestDifference(tensor.doubles, values) < 1e-12)
            }
        }
    }

    @Test("The first step is the learning rate against the gradient's sign, whatever its size")
    func firstStep() throws {
        let module = try Parameters([[1, 1, 1]])
        let optimizer = try Adam(module, learningRate: 0.01, epsilon: 1e-12)
        let slopes = try Tensor([1e-3, -5, 1e6])
        try optimizer.step(minimizing: (module.tensors[0] * slopes).sum())
        #expect(try largestDifference(module.tensors[0].doubles, [0.99, 1.01, 0.99]) < 1e-9)
    }

    @Test("Weight decay inside the gradient and beside it are different methods")
    func decoupling() throws {
        let results = try [false, true].map { decoupled in
            let module = try Parameters([[2]])
            let optimizer = try Adam(
                module,
                learningRate: 0.1,
                weightDecay: 0.5,
                decoupled: decoupled
            )
            // The slope alone would move the parameter up by the learning rate.
            try optimizer.step(minimizing: (module.tensors[0] * -0.5).sum())
            return try module.tensors[0].item()
        }
        #expect(abs(results[0] - 1.9) < 1e-6)
        #expect(abs(results[1] - (2 * 0.95 + 0.1)) < 1e-6)
    }

    @Test("A parameter counts only the steps in which it had a gradient")
    func stepsOfEachParameter() throws {
        let module = try Parameters([[1], [1]])
        let optimizer = try Adam(module, learningRate: 0.01)
        for _ in 0..<3 {
            try optimizer.step(minimizing: module.tensors[0].sum())
        }
        #expect(try module.tensors[1].doubles == [1])
        try optimizer.step(minimizing: (module.tensors[0] + module.tensors[1] * 7).sum())
        // Its first step, with the full correction of the moments.
        #expect(abs(try module.tensors[1].item() - 0.99) < 1e-9)
        let steps = optimizer.state.filter { $0.name.hasPrefix("steps") }
        #expect(try steps.map { try $0.tensor.item() } == [4, 1])
    }

    @Test("The state has both moments and the steps of each parameter")
    func state() throws {
        let optimizer = try Adam(Parameters([[1], [2, 3]]))
        let names = ["mean.0", "mean.1", "square.0", "square.1", "steps.0", "steps.1"]
        #expect(optimizer.state.map(\.name) == names)
        #expect(try optimizer.state.allSatisfy { try $0.tensor.absolute().sum().item() == 0 })
    }
}
