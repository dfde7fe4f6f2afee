import LibTorch
import Testing

@Suite("Optimizers")
struct OptimizerTests {
    enum Method: String, CaseIterable {
        case sgd, momentum, nesterov, adam, adamW

        func callAsFunction(_ module: any Module) throws -> any Optimizer {
            switch self {
            case .sgd: try SGD(module, momentum: 0, weightDecay: 0.01)
            case .momentum: try SGD(module, momentum: 0.9, nesterov: false, weightDecay: 0.01)
            case .nesterov: try SGD(module, momentum: 0.9, nesterov: true, weightDecay: 0.01)
            case .adam: try Adam(module, learningRate: 0.01, weightDecay: 0.01)
            case .adamW: try Adam(module, learningRate: 0.01, weightDecay: 0.01, decoupled: true)
            }
        }
    }

    private func run(_ optimizer: any Optimizer, steps: Int) throws {
        for _ in 0..<steps {
            try optimizer.step(minimizing: Bowl().loss(optimizer.parameters))
        }
    }

    @Test("The loss falls", arguments: Method.allCases)
    func lossFalls(_ method: Method) throws {
        let bowl = Bowl()
        let optimizer = try method(Parameters(bowl.start))
        let before = try bowl.loss(optimizer.parameters).item()
        try run(optimizer, steps: 100)
        #expect(try bowl.loss(optimizer.parameters).item() < before / 2)
    }

    @Test("A restored optimizer goes on exactly as the saved one did", arguments: Method.allCases)
    func restoring(_ method: Method) throws {
        let module = try Parameters(Bowl().start)
        let optimizer = try method(module)
        try run(optimizer, steps: 5)
        let weights = try module.stateDictionary().map { ($0.name, try $0.tensor.clone()) }
        let state = try optimizer.state.map { ($0.name, try $0.tensor.clone()) }
        try run(optimizer, steps: 5)

        let resumed = try Parameters(Bowl().start)
        try resumed.load(Dictionary(uniqueKeysWithValues: weights))
        let fresh = try method(resumed)
        #expect(fresh.state.map(\.name) == state.map(\.0))
        for (own, (_, saved)) in zip(fresh.state, state) {
            try own.tensor.copyElements(from: saved)
        }
        try run(fresh, steps: 5)
        for (one, other) in zip(module.tensors, resumed.tensors) {
            #expect(try one.isEqual(to: other))
        }
    }

    @Test(
        "The state matters: without it the steps go on differently",
        arguments: Method.allCases.filter { $0 != .sgd }
    )
    func stateMatters(_ method: Method) throws {
        let module = try Parameters(Bowl().start)
        let optimizer = try method(module)
        try run(optimizer, steps: 5)
        let resumed = try Parameters(module.tensors.map { try $0.doubles })
        try run(optimizer, steps: 1)
        try run(method(resumed), steps: 1)
        #expect(try !module.tensors[0].isEqual(to: resumed.tensors[0]))
    }

    @Test("The names in the state are unique", arguments: Method.allCases)
    func uniqueNames(_ method: Method) throws {
        let names = try method(Parameters(Bowl().start)).state.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(
        "A parameter without a gradient stays as it is, weight decay or not",
        arguments: Method.allCases
    )
    func withoutGradient(_ method: Method) throws {
        let module = try Parameters([[5, 6], [1]])
        let optimizer = try method(module)
        for _ in 0..<3 {
            try optimizer.step(minimizing: (module.tensors[1] * module.tensors[1]).sum())
        }
        #expect(try module.tensors[0].doubles == [5, 6])
        #expect(try module.tensors[1].item() < 1)
    }

    @Test("Applying gradients before there are any changes nothing", arguments: Method.allCases)
    func noGradients(_ method: Method) throws {
        let module = try Parameters([[5, 6]])
        try method(module).applyGradients()
        #expect(try module.tensors[0].doubles == [5, 6])
    }

    @Test("A module without parameters can be stepped", arguments: Method.allCases)
    func noParameters(_ method: Method) throws {
        let optimizer = try method(Flatten())
        try optimizer.step(minimizing: Tensor.ones([]).requiringGradient())
        #expect(optimizer.parameters.isEmpty)
    }

    @Test("A step forgets the gradients of the step before", arguments: Method.allCases)
    func clearsGradients(_ method: Method) throws {
        let module = try Parameters([[1]])
        let optimizer = try method(module)
        for _ in 0..<3 {
            try optimizer.step(minimizing: (module.tensors[0] * 4).sum())
            #expect(try module.tensors[0].gradient?.doubles == [4])
        }
    }

    @Test("A step leaves the parameters leaves that require gradients", arguments: Method.allCases)
    func staysLeaf(_ method: Method) throws {
        let module = try Parameters([[1]])
        try method(module).step(minimizing: module.tensors[0].sum())
        try module.tensors[0].requiringGradient(false).requiringGradient(true)
        #expect(try module.tensors[0].requiresGradient)
    }

    @Test(
        "A loss that is no number or hangs on nothing is refused, and nothing changes",
        arguments: Method.allCases
    )
    func wrongLoss(_ method: Method) throws {
        let module = try Parameters([[1, 2]])
        let optimizer = try method(module)
        #expect(!refusal { try optimizer.step(minimizing: module.tensors[0] * 2) }.isEmpty)
        #expect(!refusal { try optimizer.step(minimizing: .ones([])) }.isEmpty)
        #expect(try module.tensors[0].doubles == [1, 2])
    }
}
