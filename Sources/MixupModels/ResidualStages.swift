import LibTorch
import ManifoldMixup

/// Stages of residual blocks, one after the other, with what every residual network shares.
enum ResidualStages {
    typealias NamedBlocks = [(name: String, block: any Block)]

    /// Blocks named "layer1", "layer2", …, each a sequence named "0", "1", …, and sites behind the
    /// first `siteCount` of them under the same names.
    ///
    /// The first stage keeps the image's size, and the others halve it in their first block.
    ///
    /// - Parameters:
    ///   - depths: the number of blocks in every stage.
    ///   - siteCount: the number of stages with a site behind them.
    ///   - makeBlock: makes a block from the number of its stage, from 0, and its stride.
    static func make(
        depths: [Int],
        siteCount: Int,
        _ makeBlock: (_ stage: Int, _ stride: Int) throws -> PreActBlock
    ) throws -> NamedBlocks {
        var stages: NamedBlocks = []
        for (stage, depth) in depths.enumerated() {
            let name = "layer\(stage + 1)"
            let blocks: NamedBlocks = try (0..<depth).map { index in
                ("\(index)", try makeBlock(stage, stage > 0 && index == 0 ? 2 : 1))
            }
            stages.append((name, Sequential(blocks)))
            if stage < siteCount {
                stages.append(("site\(stage + 1)", MixingSite(name)))
            }
        }
        return stages
    }

    /// The number of channels, C, of inputs [C, H, W].
    ///
    /// - Throws: `TorchError` for inputs that are not images, and for widths outside of 1 ... 65,536:
    ///   above, there is no memory for the weights.
    static func imageChannels(_ inputShape: [Int], widths: [Int]) throws -> Int {
        guard inputShape.count == 3, inputShape.allSatisfy({ $0 > 0 }) else {
            throw TorchError(
                "a residual network needs images [C, H, W], not inputs of shape \(inputShape)"
            )
        }
        for width in widths where !(1...65_536).contains(width) {
            throw TorchError(
                "the width of a residual network must be in 1 ... 65536, not \(width)"
            )
        }
        return inputShape[0]
    }
}
