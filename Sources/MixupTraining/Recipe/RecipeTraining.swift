extension Recipe {
    /// No count in a recipe may be larger; products of two then still fit a whole number.
    static let largestCount = 1_000_000_000

    /// How long, in which batches and in which precision.
    public struct Training: Codable, Equatable, Sendable {
        /// How often the training set is gone through, from 1 (default: 20).
        public var epochs: Int
        /// Examples in a minibatch of each process, from 1; an epoch's last one may be smaller
        /// (default: 100).
        public var batchSize: Int
        /// The number from which every random stream of the run starts (default: 1).
        public var seed: UInt64
        /// The number format (default: `float32`).
        public var precision: Precision
        /// The threads that one operation may use, 1 to 1024; nil is libtorch's own choice.
        public var threads: Int?
        /// Steps between two checkpoints, from 1; each epoch's end has one too (default: 1000).
        public var checkpointEvery: Int
        /// Keep the checkpoint of every so many epochs; 0 keeps none of them (default: 0).
        public var keepEpochs: Int
        /// Epochs between two evaluations on the test set, from 1 (default: 1).
        public var evaluateEvery: Int
        /// The decay of a moving average of the weights, 0 to below 1; evaluations then use the
        /// average. Nil keeps none (default: null).
        public var emaDecay: Double?
        /// The epochs without a lower error after which training ends, from 1; nil goes on to the
        /// last (default: null).
        public var patience: Int?
        /// The time after which the process stops and saves, such as `90m`; nil is none
        /// (default: null).
        public var maxTime: TimeSpan?
        /// Whether convolutions compute with the channels next to each other in memory
        /// (default: false).
        public var channelsLast: Bool
        /// The minibatches whose gradients a process adds up for one step, 1 to 1,000,000
        /// (default: 1).
        public var accumulate: Int
        /// Whether batch normalisation takes its statistics over the minibatches of all ranks
        /// together (default: false).
        public var syncBatchNorm: Bool
        /// Which code computes the steps: `auto`, `fused`, `autograd` or `cuda-graphs`
        /// (default: `auto`).
        public var engine: TrainingEngine
        /// Where to compute: `auto`, `cpu`, `cuda`, or `cuda:N` (default: `auto`).
        public var device: DeviceChoice

        /// The section with the given values, or the defaults.
        public init(
            epochs: Int = 20,
            batchSize: Int = 100,
            seed: UInt64 = 1,
            precision: Precision = .float32,
            threads: Int? = nil,
            checkpointEvery: Int = 1000,
            keepEpochs: Int = 0,
            evaluateEvery: Int = 1,
            emaDecay: Double? = nil,
            patience: Int? = nil,
            maxTime: TimeSpan? = nil,
            channelsLast: Bool = false,
            accumulate: Int = 1,
            syncBatchNorm: Bool = false,
            engine: TrainingEngine = .auto,
            device: DeviceChoice = .auto
        ) {
            self.epochs = epochs
            self.batchSize = batchSize
            self.seed = seed
            self.precision = precision
            self.threads = threads
            self.checkpointEvery = checkpointEvery
            self.keepEpochs = keepEpochs
            self.evaluateEvery = evaluateEvery
            self.emaDecay = emaDecay
            self.patience = patience
            self.maxTime = maxTime
            self.channelsLast = channelsLast
            self.accumulate = accumulate
            self.syncBatchNorm = syncBatchNorm
            self.engine = engine
            self.device = device
        }

        enum CodingKeys: String, SectionKey {
            case epochs
            case batchSize = "batch-size"
            case seed, precision, threads
            case checkpointEvery = "checkpoint-every"
            case keepEpochs = "keep-epochs"
            case evaluateEvery = "evaluate-every"
            case emaDecay = "ema-decay"
            case patience
            case maxTime = "max-time"
            case channelsLast = "channels-last"
            case accumulate
            case syncBatchNorm = "sync-batch-norm"
            case engine, device
        }
    }
}

extension Recipe.Training: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self()
        epochs = try reader.value(.epochs) ?? usual.epochs
        batchSize = try reader.value(.batchSize) ?? usual.batchSize
        seed = try reader.value(.seed) ?? usual.seed
        precision = try reader.value(.precision) ?? usual.precision
        threads = try reader.value(.threads)
        checkpointEvery = try reader.value(.checkpointEvery) ?? usual.checkpointEvery
        keepEpochs = try reader.value(.keepEpochs) ?? usual.keepEpochs
        evaluateEvery = try reader.value(.evaluateEvery) ?? usual.evaluateEvery
        emaDecay = try reader.value(.emaDecay)
        patience = try reader.value(.patience)
        maxTime = try reader.value(.maxTime)
        channelsLast = try reader.value(.channelsLast) ?? usual.channelsLast
        accumulate = try reader.value(.accumulate) ?? usual.accumulate
        syncBatchNorm = try reader.value(.syncBatchNorm) ?? usual.syncBatchNorm
        engine = try reader.value(.engine) ?? usual.engine
        device = try reader.value(.device) ?? usual.device
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        [
            (.epochs, epochs),
            (.batchSize, batchSize),
            (.seed, seed),
            (.precision, precision),
            (.threads, threads),
            (.checkpointEvery, checkpointEvery),
            (.keepEpochs, keepEpochs),
            (.evaluateEvery, evaluateEvery),
            (.emaDecay, emaDecay),
            (.patience, patience),
            (.maxTime, maxTime),
            (.channelsLast, channelsLast),
            (.accumulate, accumulate),
            (.syncBatchNorm, syncBatchNorm),
            (.engine, engine),
            (.device, device),
        ]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        let counts = 1...Recipe.largestCount
        try rules.require(epochs, in: counts, .epochs)
        try rules.require(batchSize, in: counts, .batchSize)
        try rules.require(
            threads.map((1...1024).contains) ?? true,
            .threads,
            found: threads,
            allowed: "a whole number from 1 to 1024, or null"
        )
        try rules.require(checkpointEvery, in: counts, .checkpointEvery)
        try rules.require(keepEpochs, in: 0...Recipe.largestCount, .keepEpochs)
        try rules.require(evaluateEvery, in: counts, .evaluateEvery)
        try rules.require(accumulate, in: 1...1_000_000, .accumulate)
        try rules.require(
            emaDecay.map((0..<1).contains) ?? true,
            .emaDecay,
            found: emaDecay,
            allowed: "a number from 0 to below 1, or null"
        )
        try rules.require(
            patience.map(counts.contains) ?? true,
            .patience,
            found: patience,
            allowed: "a whole number from 1 to \(Recipe.largestCount), or null"
        )
    }
}
