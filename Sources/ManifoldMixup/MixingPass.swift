import LibTorch

/// A forward pass in training that makes sure the model keeps to the sites it declares, and changes the
/// state at one boundary if something was drawn.
final class MixingPass: ForwardPass {
    private let draw: (any MinibatchDraw)?
    private let sites: [String]
    private var visited = 0

    init(
        draw: (any MinibatchDraw)?,
        sites: [String],
        dropoutGenerator: Generator?,
        statisticsGroup: ProcessGroup?
    ) {
        self.draw = draw
        self.sites = sites
        super.init(
            isTraining: true,
            dropoutGenerator: dropoutGenerator,
            statisticsGroup: statisticsGroup
        )
    }

    /// Changes the input, if it is the chosen boundary.
    func input(_ input: Tensor) throws -> Tensor {
        try state(input, at: 0)
    }

    private func state(_ state: Tensor, at boundary: Int) throws -> Tensor {
        guard let draw, draw.layer == boundary else { return state }
        return try draw.mixedState(state)
    }

    override func site(_ name: String, _ state: Tensor) throws -> Tensor {
        guard visited < sites.count, sites[visited] == name else {
            throw MixupError(
                "the model passes the site '\(name)' as number \(visited + 1), but it declares the "
                    + "sites \(sites), each to be passed once in this order"
            )
        }
        visited += 1
        return try self.state(state, at: visited)
    }

    /// Makes sure that every declared site was passed, and so that exactly one mix took place.
    func finish() throws {
        guard visited == sites.count else {
            throw MixupError(
                "the model declares the sites \(sites), but passed only \(visited) of them; call "
                    + "pass.site(_:_:) at each"
            )
        }
    }
}

extension Classifier {
    /// One forward pass in training.
    ///
    /// - Parameters:
    ///   - input: the batch [N, …]; with halves, both minibatches one after the other.
    ///   - targets: one row of class probabilities per row of `input`, [N, C].
    ///   - draw: what to mix; `nil` for a minibatch that stays as it is.
    ///   - dropoutGenerator: needed by models with dropout.
    ///   - statisticsGroup: the ranks over which batch normalisation takes its statistics; `nil` for
    ///     this process's rows alone.
    /// - Returns: the logits, and the targets mixed in the same way.
    /// - Throws: `MixupError` if the model does not pass the sites that it declares, with or without a
    ///   draw.
    public func trainingPass(
        _ input: Tensor,
        targets: Tensor,
        mixing draw: (any MinibatchDraw)?,
        dropoutGenerator: Generator? = nil,
        statisticsGroup: ProcessGroup? = nil
    ) throws -> (logits: Tensor, targets: Tensor) {
        let sites = mixingSites
        if let draw, !(0...sites.count).contains(draw.layer) {
            throw MixupError("the model has no boundary \(draw.layer), only 0...\(sites.count)")
        }
        let pass = MixingPass(
            draw: draw,
            sites: sites,
            dropoutGenerator: dropoutGenerator,
            statisticsGroup: statisticsGroup
        )
        let logits = try self(pass.input(input), pass)
        try pass.finish()
        return (logits, try draw?.mixedTargets(targets) ?? targets)
    }
}
