import LibTorch

// The part of the check in which the embeddings come out of a network.
extension TheoremCheck {
    /// d of the network's task.
    static let networkClassCount = 4

    /// Below, at and above d − 1.
    static func networkDimensions(classCount: Int) -> [Int] {
        [classCount - 2, classCount - 1, classCount + 1]
    }

    /// Trains a network on random points with random labels, mixing at its bottleneck, and compares the
    /// loss with the floor.
    ///
    /// The network is wide enough to tell all its points apart, as the theorem's universal g; its head
    /// is linear, as f.
    static func networkCheck(
        _ dimension: Int,
        _ objective: MixedSquaredError,
        _ generator: Generator
    ) throws -> Row {
        let count = 10 * networkClassCount
        let network = try BottleneckNetwork(dimension, generator)
        let points = try Tensor.zeros([count, BottleneckNetwork.inputSize], dtype: .float64)
        try generator.fillNormal(points)
        let labels = (0..<count).map { $0 % networkClassCount }
        let optimizer = try Adam(network)
        let schedule = Schedule(.cosine(final: 0))
        let steps = 2000
        func loss() throws -> Tensor {
            let solution = FlatteningSolution(
                embeddings: try network.embeddings(of: points),
                weight: try network.head.weight.transposed(),
                bias: network.head.bias,
                labels: labels
            )
            return try objective(residuals: solution.residuals())
        }
        for step in 0..<steps {
            optimizer.learningRate = schedule.learningRate(at: Double(step), of: steps, base: 0.01)
            try optimizer.step(minimizing: loss())
        }
        let floor = objective.floor(
            dimension: dimension,
            classCount: networkClassCount,
            exampleCount: count
        )
        return Row(
            source: .network,
            dimension: dimension,
            quantity: "loss J",
            predicted: floor,
            measured: try withoutGradients { try loss().item() },
            tolerance: max(1e-2 * floor, 1e-4)
        )
    }
}

/// 20 inputs → 128 → dim(H), and a linear head on it.
private final class BottleneckNetwork: Module {
    static let inputSize = 20

    let hidden: Linear
    let bottleneck: Linear
    let head: Linear

    var children: [(name: String, module: any Module)] {
        [("hidden", hidden), ("bottleneck", bottleneck), ("head", head)]
    }

    init(_ dimension: Int, _ generator: Generator) throws {
        hidden = try Linear(Self.inputSize, 128, generator: generator, dtype: .float64)
        bottleneck = try Linear(128, dimension, generator: generator, dtype: .float64)
        head = try Linear(
            dimension,
            TheoremCheck.networkClassCount,
            generator: generator,
            dtype: .float64
        )
    }

    func embeddings(of points: Tensor) throws -> Tensor {
        try bottleneck(hidden(points).relu())
    }
}
