import LibTorch

/// A forward pass in training that mixes the hidden states at one boundary.
final class MixingPass: ForwardPass {
    private let draw: MixDraw
    private let sites: [String]
    private var visited = 0

    init(draw: MixDraw, sites: [String], dropoutGenerator: Generator?) {
        self.draw = draw
        self.sites = sites
        super.init(isTraining: true, dropoutGenerator: dropoutGenerator)
    }

    /// Mixes the input, if it is the chosen boundary.
    func input(_ input: Tensor) throws -> Tensor {
        draw.layer == 0 ? try draw.mixed(input) : input
    }

    override func site(_ name: String, _ state: Tensor) throws -> Tensor {
        guard visited < sites.count, sites[visited] == name else {
            throw MixupError(
                "the model passes the site '\(name)' as number \(visited + 1), but it declares the "
                    + "sites \(sites), each to be passed once in this order"
            )
        }
        visited += 1
        return visited == draw.layer ? try draw.mixed(state) : state
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
    ///   - draw: what to mix; `nil` for training without mixup.
    ///   - dropoutGenerator: needed by models with dropout.
    /// - Returns: the logits, and the targets mixed in the same way.
    /// - Throws: `MixupError` if the model does not pass the sites that it declares.
    public func trainingPass(
        _ input: Tensor,
        targets: Tensor,
        mixing draw: MixDraw?,
        dropoutGenerator: Generator? = nil
    ) throws -> (logits: Tensor, targets: Tensor) {
        guard let draw else {
            let pass = ForwardPass(isTraining: true, dropoutGenerator: dropoutGenerator)
            return (try self(input, pass), targets)
        }
        guard (0...mixingSites.count).contains(draw.layer) else {
            throw MixupError(
                "the model has no boundary \(draw.layer), only 0...\(mixingSites.count)"
            )
        }
        let pass = MixingPass(draw: draw, sites: mixingSites, dropoutGenerator: dropoutGenerator)
        let logits = try self(pass.input(input), pass)
        try pass.finish()
        return (logits, try draw.mixed(targets))
    }
}
