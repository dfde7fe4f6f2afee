import LibTorch
import Testing

@Suite("Clipped gradients")
struct GradientClippingTests {
    /// An optimizer whose gradients are the given ones.
    private func optimizer(_ gradients: [[Double]]) throws -> SGD {
        let module = try Parameters(gradients.map { $0.map { _ in 1 } })
        let optimizer = try SGD(module, learningRate: 1, momentum: 0, weightDecay: 0)
        let terms = try zip(module.tensors, gradients).map { try ($0 * Tensor($1)).sum() }
        try optimizer.computeGradients(of: terms.dropFirst().reduce(terms[0]) { try $0 + $1 })
        return optimizer
    }

    private func gradients(_ optimizer: SGD) throws -> [[Double]] {
        try optimizer.parameters.map { try $0.gradient?.doubles ?? [] }
    }

    @Test("A longer gradient is shortened by limit / (norm + 1e-6), over all parameters together")
    func shortened() throws {
        // √(2² + 3² + 6²) = 7.
        let optimizer = try optimizer([[2, -3], [6]])
        #expect(try abs(optimizer.clipGradients(toNorm: 3.5) - 7) < 1e-12)
        let factor = 3.5 / (7 + 1e-6)
        for (clipped, expected) in zip(try gradients(optimizer), [[2.0, -3], [6]]) {
            #expect(largestDifference(clipped, expected.map { $0 * factor }) < 1e-14)
        }
        try optimizer.applyGradients()
        #expect(try abs(optimizer.parameters[1].item() - (1 - 6 * factor)) < 1e-14)
    }

    @Test("A shorter gradient stays as it is, to the bit", arguments: [7.1, 1e9, .infinity])
    func untouched(_ limit: Double) throws {
        let optimizer = try optimizer([[2, -3], [6]])
        _ = try optimizer.clipGradients(toNorm: limit)
        #expect(try gradients(optimizer) == [[2, -3], [6]])
    }

    @Test("At the limit itself the factor is just below 1, as in PyTorch")
    func atTheLimit() throws {
        let optimizer = try optimizer([[2, -3], [6]])
        _ = try optimizer.clipGradients(toNorm: 7)
        #expect(try abs(gradients(optimizer)[1][0] - 6 * 7 / (7 + 1e-6)) < 1e-14)
    }

    @Test("A norm that is not finite is returned, and nothing is changed")
    func notFinite() throws {
        for value in [Double.infinity, .nan] {
            let optimizer = try optimizer([[2, value], [6]])
            #expect(try !optimizer.clipGradients(toNorm: 1).isFinite)
            #expect(try gradients(optimizer)[1] == [6])
        }
    }

    @Test("Parameters without a gradient count nothing, and without any the norm is 0")
    func absent() throws {
        let module = try Parameters([[1], [1]])
        let optimizer = try SGD(module)
        #expect(try optimizer.clipGradients(toNorm: 1) == 0)
        try optimizer.computeGradients(of: (module.tensors[1] * 5).sum())
        #expect(try optimizer.clipGradients(toNorm: 1) == 5)
        #expect(try module.tensors[0].gradient == nil)
    }

    @Test("A limit that is not above 0 is refused", arguments: [0, -1, Double.nan])
    func impossible(_ limit: Double) throws {
        let optimizer = try optimizer([[2, -3], [6]])
        #expect(!refusal { try optimizer.clipGradients(toNorm: limit) }.isEmpty)
        #expect(try gradients(optimizer) == [[2, -3], [6]])
    }
}
