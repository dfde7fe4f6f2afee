import MixupModels

extension Recipe.Model {
    /// The network whose state dictionary has tensors of these shapes, as far as they tell; `nil`
    /// where no recipe describes it.
    ///
    /// What leaves no trace in tensors has its default: activation, dropout, an initial stride, and a
    /// bottleneck without batch normalisation.
    init?(shapes: [String: [Int]]) {
        guard shapes.values.allSatisfy({ $0.allSatisfy { $0 > 0 } }) else { return nil }
        let found = Self.mlp(shapes) ?? Self.preActResNet(shapes) ?? Self.wideResNet(shapes)
        guard let found else { return nil }
        self = found
    }

    /// What goes into such a network and comes out of it: the number of columns, or of an image's
    /// channels, and the number of classes.
    func ends(_ shapes: [String: [Int]]) -> (inputs: Int, outputs: Int)? {
        let isMLP = name == .mlp
        guard let first = shapes[isMLP ? "fc1.weight" : "conv1.weight"], first.count > 1,
            let last = shapes[isMLP ? "fc\(widths.count + 1).weight" : "linear.weight"],
            !last.isEmpty
        else { return nil }
        return (first[1], last[0])
    }

    /// What tensors tell of a network, and nothing else: the part that ``init(shapes:)`` finds.
    var visible: Recipe.Model {
        var visible = self
        let usual = Recipe.Model(name: name)
        visible.activation = usual.activation
        visible.dropout = usual.dropout
        visible.initialStride = usual.initialStride
        visible.initialWeights = nil
        // Without a layer that is normalised, nothing shows which one is not.
        if !batchNorm || widths.count == (bottleneck == nil ? 0 : 1) {
            visible.batchNorm = false
            visible.bottleneck = nil
        }
        return visible
    }

    private static func mlp(_ shapes: [String: [Int]]) -> Recipe.Model? {
        var rows: [Int] = []
        while let shape = shapes["fc\(rows.count + 1).weight"] {
            guard shape.count == 2, rows.last.map({ $0 == shape[1] }) ?? true else { return nil }
            rows.append(shape[0])
        }
        guard !rows.isEmpty else { return nil }
        let widths = Array(rows.dropLast())
        let hidden = Array(1...rows.count).dropLast()
        let plain = hidden.filter { shapes["bn\($0).weight"] == nil }
        let hasBatchNorm = plain.count < hidden.count
        guard plain.count <= 1 || !hasBatchNorm else { return nil }
        return Recipe.Model(
            name: .mlp,
            widths: widths,
            batchNorm: hasBatchNorm,
            bottleneck: hasBatchNorm ? plain.first : nil
        )
    }

    private static func preActResNet(_ shapes: [String: [Int]]) -> Recipe.Model? {
        let blocks = (1...4).map { blockCount(ofStage: $0, shapes) }
        guard let width = outputs(of: "conv1.weight", shapes) else { return nil }
        let isDeep = shapes["layer1.0.conv3.weight"] != nil
        let names: [Name] = [
            .preActResNet18, .preActResNet34, .preActResNet50, .preActResNet152,
        ]
        let name = names.first {
            $0.preActResNetDepth?.blockCounts == blocks
                && $0.preActResNetDepth?.hasBottleneck == isDeep
        }
        // The widest convolution confirms the width, before anything of that width is made.
        let widest = shapes["layer4.\(blocks[3] - 1).conv2.weight"]
        guard let name, width <= 1024, widest == [8 * width, 8 * width, 3, 3] else { return nil }
        return Recipe.Model(
            name: name,
            width: width,
            variant: shapes["bn.weight"] == nil ? .authors : .textbook
        )
    }

    private static func wideResNet(_ shapes: [String: [Int]]) -> Recipe.Model? {
        let blocks = (1...3).map { blockCount(ofStage: $0, shapes) }
        guard outputs(of: "conv1.weight", shapes) == 16, blocks[0] > 0,
            blocks.allSatisfy({ $0 == blocks[0] }), blockCount(ofStage: 4, shapes) == 0,
            let channels = outputs(of: "layer1.0.conv1.weight", shapes), channels % 16 == 0,
            shapes["layer3.\(blocks[0] - 1).conv2.weight"] == [4 * channels, 4 * channels, 3, 3]
        else { return nil }
        return Recipe.Model(
            name: .wideResNet,
            depth: 6 * blocks[0] + 4,
            widenFactor: channels / 16,
            variant: shapes["conv1.bias"] == nil ? .textbook : .authors
        )
    }

    /// The number of residual blocks of a stage.
    private static func blockCount(ofStage stage: Int, _ shapes: [String: [Int]]) -> Int {
        var count = 0
        while shapes["layer\(stage).\(count).conv1.weight"] != nil { count += 1 }
        return count
    }

    /// The number of filters of a convolution.
    private static func outputs(of name: String, _ shapes: [String: [Int]]) -> Int? {
        shapes[name].flatMap { $0.count == 4 ? $0[0] : nil }
    }
}

extension Recipe.Model {
    /// The network in a few words: what a recipe would say, without defaults.
    public var summary: String {
        let usual = Dictionary(
            Self(name: name).entries.map { ($0.0, $0.1.yaml) },
            uniquingKeysWith: { first, _ in first }
        )
        let settings = entries.filter {
            $0.0 != .name && $0.0 != .initialWeights && usual[$0.0] != $0.1.yaml
        }
        return ([name.rawValue] + settings.map { "\($0.0.stringValue) \($0.1.yaml)" })
            .joined(separator: ", ")
    }

    /// The flags that ask for the network, for messages.
    var flags: String {
        let settings = entries.filter {
            $0.0 != .initialWeights && $0.1.yaml != "null"
        }
        return settings.compactMap { key, value -> String? in
            let text = value.yaml.filter { !"[] ".contains($0) }
            switch key {
            case .name: return "--model \(text)"
            case .batchNorm: return text == "true" ? "--batch-norm" : nil
            case .activation, .dropout, .initialStride: return nil
            case .widths where text.isEmpty: return "in a recipe with widths: []"
            default: return "--\(key.stringValue) \(text)"
            }
        }
        .joined(separator: " ")
    }
}
