import LibTorch
import MixupModels

extension Recipe {
    /// The network.
    ///
    /// Each family has settings of its own, and those of another one are refused; every one has
    /// `initial-weights`:
    ///
    /// | name | settings |
    /// | --- | --- |
    /// | `mlp` | `widths`, `activation`, `dropout`, `batch-norm`, `bottleneck` |
    /// | `preact-resnet-18`, `-34`, `-50`, `-152` | `width`, `initial-stride`, `variant` |
    /// | `wide-resnet` | `depth`, `widen-factor`, `variant` |
    public struct Model: Codable, Equatable, Sendable {
        /// The networks.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// A fully connected network.
            case mlp
            /// A residual network with pre-activation, of 18 layers.
            case preActResNet18 = "preact-resnet-18"
            /// A residual network with pre-activation, of 34 layers.
            case preActResNet34 = "preact-resnet-34"
            /// A residual network with pre-activation and bottleneck blocks, of 50 layers.
            case preActResNet50 = "preact-resnet-50"
            /// A residual network with pre-activation and bottleneck blocks, of 152 layers.
            case preActResNet152 = "preact-resnet-152"
            /// A Wide-ResNet; WRN-28-10 unless its settings say otherwise.
            case wideResNet = "wide-resnet"

            /// How deep a PreActResNet is; nil for the other networks.
            public var preActResNetDepth: PreActResNet.Depth? {
                switch self {
                case .preActResNet18: .eighteen
                case .preActResNet34: .thirtyFour
                case .preActResNet50: .fifty
                case .preActResNet152: .oneHundredFiftyTwo
                case .mlp, .wideResNet: nil
                }
            }
        }

        /// Whose residual network it is; `PreActResNet` and `WideResNet` say how the two differ.
        public enum Variant: String, Codable, Sendable, RecipeChoice {
            /// The network that the paper's authors trained.
            case authors
            /// The published network.
            case textbook
        }

        /// The network (default: `mlp`).
        public var name: Name
        /// Units of each hidden layer of `mlp`, from the input on, each 1 to 1,000,000.
        ///
        /// Default: `[256, 256]`. An empty list is a linear classifier.
        public var widths: [Int]
        /// The function after each hidden layer of `mlp` (default: `relu`).
        public var activation: Activation.Function
        /// The probability with which a hidden unit of `mlp` is dropped, 0 to below 1 (default: 0).
        public var dropout: Double
        /// Whether each hidden layer of `mlp` is normalised over the batch (default: false).
        public var batchNorm: Bool
        /// The hidden layer of `mlp` that is linear and nothing else, from 1; nil is none (default).
        ///
        /// The boundary behind it has the same number.
        public var bottleneck: Int?
        /// Channels of a PreActResNet's first stage, 1 to 1,024 (default: 64).
        public var width: Int
        /// Stride of a PreActResNet's first convolution, 1 to 32 (default: 1).
        ///
        /// The authors took 2 for the 64×64 images of Tiny-ImageNet.
        public var initialStride: Int
        /// Layers of a Wide-ResNet: 10, 16, 22, … to 1,000 (default: 28).
        public var depth: Int
        /// How many times wider than a plain residual network a Wide-ResNet is, 1 to 100 (default: 10).
        public var widenFactor: Int
        /// Whose residual network it is (default: `authors`).
        public var variant: Variant
        /// Where the first weights come from: a run, a checkpoint or a safetensors file; nil draws them
        /// (default).
        public var initialWeights: String?

        /// The section with the given values, or the defaults.
        public init(
            name: Name = .mlp,
            widths: [Int] = [256, 256],
            activation: Activation.Function = .relu,
            dropout: Double = 0,
            batchNorm: Bool = false,
            bottleneck: Int? = nil,
            width: Int = 64,
            initialStride: Int = 1,
            depth: Int = 28,
            widenFactor: Int = 10,
            variant: Variant = .authors,
            initialWeights: String? = nil
        ) {
            self.name = name
            self.widths = widths
            self.activation = activation
            self.dropout = dropout
            self.batchNorm = batchNorm
            self.bottleneck = bottleneck
            self.width = width
            self.initialStride = initialStride
            self.depth = depth
            self.widenFactor = widenFactor
            self.variant = variant
            self.initialWeights = initialWeights
        }

        enum CodingKeys: String, SectionKey {
            case name, widths, activation, dropout
            case batchNorm = "batch-norm"
            case bottleneck, width
            case initialStride = "initial-stride"
            case depth
            case widenFactor = "widen-factor"
            case variant
            case initialWeights = "initial-weights"
        }

        /// The names of boundaries 1, 2, … that the network will have.
        var mixingSites: [String] {
            name == .mlp
                ? widths.indices.map { "hidden\($0 + 1)" } : (1...3).map { "layer\($0)" }
        }
    }
}

extension Recipe.Model: RecipeSection {
    init(reading reader: SectionReader<CodingKeys>) throws(RecipeError) {
        let usual = Self(name: try reader.value(.name) ?? .mlp)
        name = usual.name
        widths = try reader.values(.widths) ?? usual.widths
        activation = try reader.value(.activation) ?? usual.activation
        dropout = try reader.value(.dropout) ?? usual.dropout
        batchNorm = try reader.value(.batchNorm) ?? usual.batchNorm
        bottleneck = try reader.value(.bottleneck)
        width = try reader.value(.width) ?? usual.width
        initialStride = try reader.value(.initialStride) ?? usual.initialStride
        depth = try reader.value(.depth) ?? usual.depth
        widenFactor = try reader.value(.widenFactor) ?? usual.widenFactor
        variant = try reader.value(.variant) ?? usual.variant
        initialWeights = try reader.value(.initialWeights)
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        switch name {
        case .mlp:
            [
                (.name, name),
                (.widths, widths),
                (.activation, activation),
                (.dropout, dropout),
                (.batchNorm, batchNorm),
                (.bottleneck, bottleneck),
                (.initialWeights, initialWeights),
            ]
        case .preActResNet18, .preActResNet34, .preActResNet50, .preActResNet152:
            [
                (.name, name),
                (.width, width),
                (.initialStride, initialStride),
                (.variant, variant),
                (.initialWeights, initialWeights),
            ]
        case .wideResNet:
            [
                (.name, name),
                (.depth, depth),
                (.widenFactor, widenFactor),
                (.variant, variant),
                (.initialWeights, initialWeights),
            ]
        }
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        let usual = Self(name: name)
        try rules.require(
            initialWeights.map { !$0.isEmpty && !$0.utf8.contains(0) } ?? true,
            .initialWeights,
            found: initialWeights,
            allowed: "the path of a run, a checkpoint or a safetensors file, or null"
        )
        if name == .mlp {
            try checkMLP(rules)
            try rules.unused(.variant, variant, default: usual.variant, by: name)
        } else {
            try rules.unused(.widths, widths, default: usual.widths, by: name)
            try rules.unused(.activation, activation, default: usual.activation, by: name)
            try rules.unused(.dropout, dropout, default: usual.dropout, by: name)
            try rules.unused(.batchNorm, batchNorm, default: usual.batchNorm, by: name)
            try rules.unused(.bottleneck, bottleneck, default: usual.bottleneck, by: name)
        }
        if name.preActResNetDepth != nil {
            try rules.require(width, in: 1...1024, .width)
            try rules.require(initialStride, in: 1...32, .initialStride)
        } else {
            try rules.unused(.width, width, default: usual.width, by: name)
            try rules.unused(.initialStride, initialStride, default: usual.initialStride, by: name)
        }
        if name == .wideResNet {
            try rules.require(
                (10...1000).contains(depth) && (depth - 4).isMultiple(of: 6),
                .depth,
                found: depth,
                allowed: "6n + 4 layers: 10, 16, 22, 28, … to 1000"
            )
            try rules.require(widenFactor, in: 1...100, .widenFactor)
        } else {
            try rules.unused(.depth, depth, default: usual.depth, by: name)
            try rules.unused(.widenFactor, widenFactor, default: usual.widenFactor, by: name)
        }
    }

    private func checkMLP(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(
            widths.count <= 1000 && widths.allSatisfy((1...1_000_000).contains),
            .widths,
            found: widths,
            allowed: "a list of at most 1000 whole numbers from 1 to 1000000"
        )
        try rules.require(dropout, in: 0..<1, .dropout, allowed: "a number from 0 to below 1")
        try rules.require(
            bottleneck.map { $0 >= 1 && $0 <= widths.count } ?? true,
            .bottleneck,
            found: bottleneck,
            allowed: widths.isEmpty
                ? "null: there are no hidden layers"
                : "the number of a hidden layer, 1 to \(widths.count), or null"
        )
    }
}
