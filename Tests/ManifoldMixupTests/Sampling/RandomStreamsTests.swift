import LibTorch
import ManifoldMixup
import Testing

@Suite("Random streams")
struct RandomStreamsTests {
    private static let others = RandomStreams.Stream.allCases.filter {
        ![.layer, .lambda, .permutation].contains($0)
    }

    /// k, λ and permutation of a few minibatches, as text; `between` is called before each.
    private func sequence(
        _ mixup: Mixup,
        between: (RandomStreams) throws -> Void = { _ in }
    ) throws -> [[String]] {
        let streams = try RandomStreams(seed: 4)
        return try (0..<20).map { _ in
            try between(streams)
            let draw = try mixup.draw(batchSize: 6, streams: streams)
            return try ["\(draw.layer)", "\(draw.lambdas)", "\(draw.partners)"]
        }
    }

    private func mixup(
        scope: Mixup.LambdaScope = .batch,
        partner: Mixup.Partner = .shuffled
    ) throws -> Mixup {
        try Mixup(
            alpha: 2,
            eligibleLayers: EligibleLayers([0, 1, 2]),
            lambdaScope: scope,
            partner: partner
        )
    }

    private func numbers(_ generator: Generator, count: Int = 4) throws -> [Double] {
        try (0..<count).map { _ in try generator.uniform() }
    }

    @Test("Dropout, augmentation and the like do not shift k, λ or permutations", arguments: others)
    func independence(stream: RandomStreams.Stream) throws {
        let quiet = try sequence(mixup())
        let noisy = try sequence(mixup()) { streams in
            let values = try Tensor.ones([17])
            _ = try streams[stream].bernoulli(like: values, probability: 0.5)
            try streams[stream].fillNormal(values)
        }
        #expect(quiet == noisy)
    }

    @Test("Mixing does not shift the other streams", arguments: others)
    func mixingIsSeparate(stream: RandomStreams.Stream) throws {
        let (quiet, busy) = (try RandomStreams(seed: 4), try RandomStreams(seed: 4))
        for _ in 0..<20 {
            _ = try mixup(scope: .sample).draw(batchSize: 6, streams: busy)
        }
        #expect(try numbers(quiet[stream]) == numbers(busy[stream]))
    }

    @Test("More λ for each minibatch, or a separate partner, leave the other draws as they were")
    func optionsAreSeparate() throws {
        let plain = try sequence(mixup())
        let perSample = try sequence(mixup(scope: .sample))
        #expect(plain.map { $0[0] } == perSample.map { $0[0] })
        #expect(plain.map { $0[2] } == perSample.map { $0[2] })
        let separate = try sequence(mixup(partner: .separate))
        #expect(plain.map { $0[0...1] } == separate.map { $0[0...1] })
    }

    @Test("The comparison of sequences notices a shift by one draw")
    func power() throws {
        for stream in [RandomStreams.Stream.layer, .lambda, .permutation] {
            let shifted = try sequence(mixup()) { streams in
                _ = try streams[stream].uniform()
            }
            #expect(try shifted != sequence(mixup()))
        }
    }

    @Test("The streams of one seed and of its neighbours all begin differently")
    func distinct() throws {
        var beginnings: Set<[Double]> = []
        let seeds = Array(0..<100) + [UInt64.max, 1 << 32, 1 << 63]
        for seed in seeds {
            let streams = try RandomStreams(seed: seed)
            for stream in RandomStreams.Stream.allCases {
                beginnings.insert(try numbers(streams[stream]))
            }
        }
        #expect(beginnings.count == seeds.count * RandomStreams.Stream.allCases.count)
    }

    @Test("First numbers of neighbouring seeds are uniform and do not move with the seed")
    func neighbours() throws {
        let first = try (0..<1000).map { seed in
            try RandomStreams(seed: seed)[.lambda].uniform()
        }
        let distance = Statistics.kolmogorovSmirnov(first) { $0 }
        #expect(distance < Statistics.kolmogorovSmirnovLimit(1000))
        let products = zip(first, first.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) * 12 }
        #expect(abs(Statistics.moments(products).mean) < 4.5 / 1000.0.squareRoot())
    }

    @Test("A saved state is restored exactly, for every stream and in the middle of a sequence")
    func restore() throws {
        let streams = try RandomStreams(seed: 8)
        let normals = try Tensor.zeros([3], dtype: .float64)
        for stream in RandomStreams.Stream.allCases {
            // An odd number of normal draws leaves half of a pair behind.
            try streams[stream].fillNormal(normals)
            _ = try streams[stream].uniform()
        }
        let state = try streams.state()
        #expect(state.map(\.name) == RandomStreams.Stream.allCases.map { "random." + $0.rawValue })
        func next() throws -> [[Double]] {
            try RandomStreams.Stream.allCases.map { stream in
                try streams[stream].fillNormal(normals)
                return try normals.scalars(as: Double.self) + numbers(streams[stream])
            }
        }
        let first = try next()
        let later = try next()
        #expect(first != later)
        try streams.restore(Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) }))
        #expect(try next() == first)
        #expect(try next() == later)
    }

    @Test("A checkpoint from before a stream existed starts that stream at its beginning")
    func addedStreams() throws {
        let added: [RandomStreams.Stream] = [.mixing, .method, .box]
        let fresh = try RandomStreams(seed: 8)
        var old: [String: Tensor] = [:]
        for (name, tensor) in try fresh.state()
        where !added.contains(where: { "random." + $0.rawValue == name }) {
            old[name] = tensor
        }
        let streams = try RandomStreams(seed: 8)
        for stream in RandomStreams.Stream.allCases {
            _ = try streams[stream].uniform()
        }
        try streams.restore(old)
        for stream in RandomStreams.Stream.allCases {
            #expect(try numbers(streams[stream]) == numbers(fresh[stream]))
        }
    }

    @Test("A state that is missing or no state at all is a one-line error that says which")
    func badState() throws {
        let streams = try RandomStreams(seed: 8)
        var state: [String: Tensor] = [:]
        for (name, tensor) in try streams.state() {
            state[name] = tensor
        }
        var incomplete = state
        incomplete["random.dropout"] = nil
        #expect(messageOfError { try streams.restore(incomplete) }.contains("dropout"))
        for wrong in [try Tensor([1, 2, 3] as [UInt8]), try Tensor([0.5])] {
            var damaged = state
            damaged["random.layer"] = wrong
            _ = messageOfError { try streams.restore(damaged) }
        }
    }
}
