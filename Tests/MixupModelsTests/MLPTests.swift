import LibTorch
import ManifoldMixup
import MixupModels
import Testing

@Suite("The multilayer perceptron")
struct MLPTests {
    private func digitsModel(dropout: Double = 0, batchNorm: Bool = false) throws -> MLP {
        try MLP(
            inputShape: [1, 8, 8],
            widths: [32, 16],
            classCount: 10,
            dropout: dropout,
            batchNorm: batchNorm,
            generator: Generator(seed: 1)
        )
    }

    @Test("Its parameters have the names and shapes of PyTorch's module")
    func names() throws {
        let named = try digitsModel().stateDictionary()
        #expect(
            named.map(\.name) == [
                "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias",
            ]
        )
        let shapes = [[32, 64], [32], [16, 32], [16], [10, 16], [10]]
        #expect(try named.map { try $0.tensor.shape } == shapes)
        let layers: [Int] = [64 * 32 + 32, 32 * 16 + 16, 16 * 10 + 10]
        #expect(try digitsModel().parameterCount() == layers.reduce(0, +))
    }

    @Test("Batch normalisation adds its tensors, dropout adds none, and sites stay the same")
    func variants() throws {
        let model = try digitsModel(dropout: 0.5, batchNorm: true)
        let normalisation = model.stateDictionary().map(\.name).filter { $0.hasPrefix("bn2") }
        #expect(
            normalisation == [
                "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var",
                "bn2.num_batches_tracked",
            ]
        )
        #expect(!model.stateDictionary().contains { $0.name.hasPrefix("dropout") })
        let plain = try digitsModel()
        #expect(try model.parameterCount() == plain.parameterCount() + 2 * (32 + 16))
        #expect(model.mixingSites == plain.mixingSites)
    }

    @Test("It has one site behind each hidden layer, after all that belongs to the layer")
    func sites() throws {
        let model = try digitsModel(dropout: 0.5, batchNorm: true)
        #expect(model.mixingSites == ["hidden1", "hidden2"])
        #expect(
            model.network.blocks.map(\.name) == [
                "flatten", "fc1", "bn1", "activation1", "dropout1", "site1", "fc2", "bn2",
                "activation2", "dropout2", "site2", "fc3",
            ]
        )
    }

    @Test("A bottleneck is linear and nothing else, and mixing at its boundary sees it so")
    func bottleneck() throws {
        let model = try MLP(
            inputShape: [4],
            widths: [6, 2, 6],
            classCount: 3,
            activation: .leakyReLU,
            dropout: 0.5,
            batchNorm: true,
            bottleneck: 2,
            generator: Generator(seed: 1)
        )
        #expect(
            model.network.blocks.map(\.name) == [
                "flatten", "fc1", "bn1", "activation1", "dropout1", "site1", "fc2", "site2", "fc3",
                "bn3", "activation3", "dropout3", "site3", "fc4",
            ]
        )
        #expect(model.mixingSites == ["hidden1", "hidden2", "hidden3"])
        let lines = try model.blockDescriptions()
        #expect(lines.first { $0.name == "site2" }?.outputShape == [2])
    }

    @Test("The networks of the paper's appendices B and G have their widths and boundaries")
    func paperNetworks() throws {
        let sides = [1024, 1024, 1024]
        for (widths, bottleneck) in [
            (sides + [12] + sides + [1024], 4), (sides + [30] + sides + [1024], 4),
            ([1024, 30] + sides + [1024], 2), ([1024, 1024, 2, 1024, 1024], 3),
        ] {
            let model = try MLP(
                inputShape: [1, 28, 28],
                widths: widths,
                classCount: 10,
                activation: .leakyReLU,
                bottleneck: bottleneck,
                generator: Generator(seed: 1)
            )
            let layers = zip([784] + widths, widths + [10])
            #expect(try model.parameterCount() == layers.reduce(0) { $0 + ($1.0 + 1) * $1.1 })
            let site = try #require(
                model.network.blocks.firstIndex { $0.name == "site\(bottleneck)" }
            )
            #expect(model.network.blocks[site - 1].block is Linear)
            #expect(model.network.blocks.count { $0.block is Activation } == widths.count - 1)
        }
    }

    @Test("It describes its blocks with their shapes and parameters")
    func descriptions() throws {
        let lines = try digitsModel().blockDescriptions()
        #expect(
            lines.map(\.summary) == [
                "flatten", "linear 64 → 32", "relu", "mixing site 'hidden1'", "linear 32 → 16",
                "relu", "mixing site 'hidden2'", "linear 16 → 10",
            ]
        )
        #expect(
            lines.map(\.outputShape) == [[64], [32], [32], [32], [16], [16], [16], [10]]
        )
        #expect(lines.map(\.parameterCount) == [0, 2080, 0, 0, 528, 0, 0, 170])
    }

    @Test("Without hidden layers it is a linear classifier with the input as its only boundary")
    func linear() throws {
        let model = try MLP(
            inputShape: [4],
            widths: [],
            classCount: 3,
            generator: Generator(seed: 1)
        )
        #expect(model.mixingSites.isEmpty)
        #expect(try EligibleLayers.all(of: model).layers == [0])
        #expect(model.stateDictionary().map(\.name) == ["fc1.weight", "fc1.bias"])
        #expect(try model(Tensor.ones([2, 4]), ForwardPass()).shape == [2, 3])
    }

    @Test("First weights are uniform in ±1/√inputs and depend on the seed alone")
    func initialisation() throws {
        let models = try [5, 5, 6].map { seed in
            try MLP(
                inputShape: [100],
                widths: [50],
                classCount: 2,
                generator: Generator(seed: seed)
            )
        }
        let weights = try models.map { try $0.stateDictionary()[0].tensor.scalars(as: Float.self) }
        #expect(weights[0] == weights[1])
        #expect(weights[0] != weights[2])
        #expect(weights[0].allSatisfy { abs($0) <= 0.1 })
        // For u uniform in ±b, u² has the mean b²/3 and the variance b⁴ · 4/45.
        let meanSquare = weights[0].reduce(0) { $0 + Double($1 * $1) } / 5000
        let standardError = 0.01 * (4.0 / 45 / 5000).squareRoot()
        #expect(abs(meanSquare - 0.01 / 3) < 5 * standardError)
    }

    @Test(
        "Every activation is the function that it names",
        arguments: [
            (Activation.Function.relu, [0.0, 2]), (.leakyReLU, [-0.01, 2]),
            (.tanh, [-0.7615941559557649, 0.9640275800758169]),
        ]
    )
    func activation(_ function: Activation.Function, expected: [Double]) throws {
        let model = try MLP(
            inputShape: [2],
            widths: [2],
            classCount: 2,
            activation: function,
            generator: Generator(seed: 1),
            dtype: .float64
        )
        let identity = try Tensor([1.0, 0, 0, 1], shape: [2, 2])
        let zero = try Tensor([0.0, 0])
        try model.load([
            "fc1.weight": identity, "fc1.bias": zero, "fc2.weight": identity, "fc2.bias": zero,
        ])
        let output = try model(Tensor([-1.0, 2], shape: [1, 2]), ForwardPass())
        for (found, wanted) in zip(try output.scalars(as: Double.self), expected) {
            #expect(abs(found - wanted) < 1e-15)
        }
    }

    @Test("Impossible widths and probabilities are one-line errors")
    func impossible() throws {
        for (widths, classCount, dropout) in [
            ([0], 10, 0.0), ([-4], 10, 0), ([8], 0, 0), ([8], 10, 1), ([8], 10, -0.1),
            ([8], 10, .nan),
        ] {
            let error = #expect(throws: TorchError.self) {
                try MLP(
                    inputShape: [4],
                    widths: widths,
                    classCount: classCount,
                    dropout: dropout,
                    generator: Generator(seed: 1)
                )
            }
            #expect(error?.message.contains("\n") == false)
        }
    }

    @Test("A bottleneck that is no hidden layer is a one-line error", arguments: [-1, 0, 3, .max])
    func impossibleBottleneck(_ number: Int) throws {
        let error = #expect(throws: TorchError.self) {
            try MLP(
                inputShape: [4],
                widths: [8, 8],
                classCount: 3,
                bottleneck: number,
                generator: Generator(seed: 1)
            )
        }
        #expect(error?.message.contains("not \(number)") == true)
    }

    @Test("An input of another size is a one-line error")
    func otherInput() throws {
        let model = try digitsModel()
        let error = #expect(throws: TorchError.self) {
            try model(Tensor.ones([2, 1, 8, 9]), ForwardPass())
        }
        #expect(error?.message.contains("\n") == false)
    }
}
