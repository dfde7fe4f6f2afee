internal import CLibTorch

/// An exponential moving average of the parameters of a module, which often generalises better than
/// the parameters themselves.
///
/// It starts as a copy of the parameters. Every ``update()`` moves it by 1 − decay of the way to them,
/// so that it covers about the last 1 / (1 − decay) steps; much shorter trainings leave it near the
/// first weights. PyTorch's `AveragedModel` with `get_ema_multi_avg_fn` does the same if it is updated
/// once before the first step.
///
/// As a module it has the names of the averaged one. Buffers, such as the running statistics of batch
/// normalisation, are not averaged: they are those of the module itself.
public final class WeightAverage: Module {
    /// The share of the average that an update keeps, in 0 ..< 1.
    public let decay: Double
    private let module: any Module
    private let averages: [Tensor]

    /// Starts with a copy of the present parameters.
    ///
    /// - Throws: `TorchError` for a decay outside of 0 ..< 1.
    public init(of module: any Module, decay: Double) throws {
        guard (0..<1).contains(decay) else {
            throw TorchError("the decay of averaged weights must be in 0 ..< 1, not \(decay)")
        }
        self.module = module
        self.decay = decay
        averages = try module.parameters().map { try $0.detached().clone() }
    }

    /// The averages and the module's own buffers, under the names that they have there.
    public var ownTensors: [NamedTensor] {
        var next = averages.makeIterator()
        return module.stateDictionary().map { named in
            guard named.role == .parameter, let average = next.next() else { return named }
            return NamedTensor(named.name, average)
        }
    }

    /// Takes in the present parameters: average ← decay · average + (1 − decay) · parameter.
    public func update() throws {
        let parameters = module.parameters()
        try withExtendedLifetime((averages, parameters)) {
            try check(
                clt_move_averages(
                    averages.map(\.handle),
                    parameters.map(\.handle),
                    Int32(averages.count),
                    1 - decay
                )
            )
        }
    }

    /// Runs `body` with the averages in the place of the module's parameters, which are the same
    /// bytes as before afterwards, also if `body` throws.
    public func inUse<Value>(_ body: () throws -> Value) throws -> Value {
        let parameters = module.parameters()
        let trained = try parameters.map { try $0.detached().clone() }
        try Self.copy(averages, to: parameters)
        let result = Result { try body() }
        try Self.copy(trained, to: parameters)
        return try result.get()
    }

    private static func copy(_ sources: [Tensor], to targets: [Tensor]) throws {
        for (source, target) in zip(sources, targets) {
            try target.copyElements(from: source)
        }
    }
}
