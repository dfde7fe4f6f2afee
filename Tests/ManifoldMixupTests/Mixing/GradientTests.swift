import LibTorch
import ManifoldMixup
import Testing

// Blocking the gradients before k costs accuracy (4.33 % error in the paper's ablation).
@Suite("Gradients through a mix")
struct GradientTests {
    /// A linear network in double precision, x → A x → B A x, mixed at k = 1.
    private let first: Linear
    private let second: Linear
    private let model: BlockNetwork
    private let input: Tensor
    private let targets: Tensor
    private let partners = [2, 0, 3, 1]

    init() throws {
        let generator = try Generator(seed: 1)
        first = try Linear(3, 2, generator: generator, dtype: .float64)
        second = try Linear(2, 3, generator: generator, dtype: .float64)
        model = BlockNetwork(
            inputShape: [3],
            [("first", first), ("site", MixingSite("hidden")), ("second", second)]
        )
        input = try normal([4, 3], seed: 2, dtype: .float64).requiringGradient()
        targets = try oneHotTargets(4, classCount: 3, dtype: .float64)
    }

    private func product(_ left: Rows, _ right: Rows) -> Rows {
        left.map { row in
            right[0].indices.map { column in
                row.indices.reduce(0) { $0 + row[$1] * right[$1][column] }
            }
        }
    }

    private func transposed(_ matrix: Rows) -> Rows {
        matrix[0].indices.map { column in matrix.map { $0[column] } }
    }

    private func expectEqual(_ found: Tensor?, _ expected: Rows) throws {
        let found = try rows(#require(found))
        #expect(found.count == expected.count)
        for (left, right) in zip(found.joined(), expected.joined()) {
            #expect(abs(left - right) < 1e-14)
        }
    }

    @Test(
        "They reach the layers before k and both mixed examples, as the closed form says",
        arguments: [[0.3], [0.9], [0.1, 0.6, 0.8, 0.3]]
    )
    func closedForm(lambdas: [Double]) throws {
        let draw = MixDraw(layer: 1, lambdas: lambdas, pairing: try .partners(partners))
        let pass = try model.trainingPass(input, targets: targets, mixing: draw)
        try MixupLoss.softCrossEntropy(pass.logits, pass.targets).backward()

        // For soft cross entropy the gradient at the logits is (softmax − target) / N; the targets add
        // up to 1 in every row.
        let atLogits = try rows((pass.logits.softmax() - pass.targets) * 0.25)
        let hidden = try rows(first(input))
        let mixedHidden = mixed(hidden, lambdas: lambdas, partners: partners)
        try expectEqual(second.weight.gradient, product(transposed(atLogits), mixedHidden))

        // At the hidden states: λ to the example itself, 1 − λ to its partner.
        let atMixed = product(atLogits, try rows(second.weight))
        var atHidden = Rows(repeating: [0, 0], count: 4)
        for row in 0..<4 {
            let lambda = lambdas.count == 1 ? lambdas[0] : lambdas[row]
            for column in 0..<2 {
                atHidden[row][column] += lambda * atMixed[row][column]
                atHidden[partners[row]][column] += (1 - lambda) * atMixed[row][column]
            }
        }
        try expectEqual(first.weight.gradient, product(transposed(atHidden), rows(input)))
        try expectEqual(input.gradient, product(atHidden, rows(first.weight)))
    }

    @Test("They reach every parameter at every k, also through two separate minibatches")
    func everyParameter() throws {
        for layer in 0...1 {
            for pairing in [try .partners(partners), MixDraw.Pairing.halves] {
                let draw = MixDraw(layer: layer, lambdas: [0.4], pairing: pairing)
                let pass = try model.trainingPass(input, targets: targets, mixing: draw)
                for parameter in model.parameters() { try parameter.clearGradient() }
                try input.clearGradient()
                try MixupLoss.paperBinaryCrossEntropy(pass.logits, pass.targets).backward()
                for tensor in model.parameters() + [input] {
                    let gradient = try #require(try tensor.gradient)
                    #expect(
                        try rows(gradient.flattenedRows()).allSatisfy { $0.contains { $0 != 0 } }
                    )
                }
            }
        }
    }

    @Test("At λ = 1 none reaches through the partner, at λ = 0 none through the example itself")
    func ends() throws {
        // Only example 0 counts; its partner is example 2.
        for (lambda, reached) in [(1.0, 0), (0.0, 2)] {
            try input.clearGradient()
            let draw = MixDraw(layer: 1, lambdas: [lambda], pairing: try .partners(partners))
            let pass = try model.trainingPass(input, targets: targets, mixing: draw)
            try pass.logits.rows(0, count: 1).sum().backward()
            let gradient = try rows(#require(try input.gradient))
            for row in 0..<4 {
                #expect(gradient[row].contains { $0 != 0 } == (row == reached))
            }
        }
    }
}
