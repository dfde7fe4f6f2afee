import LibTorch

extension Recipe {
    /// The network.
    public struct Model: Codable, Equatable, Sendable {
        /// The families of networks.
        public enum Name: String, Codable, Sendable, RecipeChoice {
            /// A fully connected network.
            case mlp
        }

        /// The family of the network (default: `mlp`).
        public var name: Name
        /// Units of each hidden layer, from the input on, each 1 to 1,000,000.
        ///
        /// Default: `[256, 256]`. An empty list is a linear classifier.
        public var widths: [Int]
        /// The function after each hidden layer (default: `relu`).
        public var activation: Activation.Function
        /// The probability with which a hidden unit is dropped, 0 to below 1 (default: 0).
        public var dropout: Double
        /// Whether each hidden layer is normalised over the batch (default: false).
        public var batchNorm: Bool

        /// The section with the given values, or the defaults.
        public init(
            name: Name = .mlp,
            widths: [Int] = [256, 256],
            activation: Activation.Function = .relu,
            dropout: Double = 0,
            batchNorm: Bool = false
        ) {
            self.name = name
            self.widths = widths
            self.activation = activation
            self.dropout = dropout
            self.batchNorm = batchNorm
        }

        enum CodingKeys: String, SectionKey {
            case name, widths, activation, dropout
            case batchNorm = "batch-norm"
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
    }

    var entries: [(CodingKeys, any RecipeValue)] {
        [
            (.name, name),
            (.widths, widths),
            (.activation, activation),
            (.dropout, dropout),
            (.batchNorm, batchNorm),
        ]
    }

    func check(_ rules: SectionRules<CodingKeys>) throws(RecipeError) {
        try rules.require(
            widths.count <= 1000 && widths.allSatisfy((1...1_000_000).contains),
            .widths,
            found: widths,
            allowed: "a list of at most 1000 whole numbers from 1 to 1000000"
        )
        try rules.require(dropout, in: 0..<1, .dropout, allowed: "a number from 0 to below 1")
    }
}
