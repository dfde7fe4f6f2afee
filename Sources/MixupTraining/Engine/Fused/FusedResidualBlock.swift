internal import CTrainKernels
import LibTorch
import MixupModels

/// A residual block with pre-activation: normalisation, ReLU and convolution in turn, and the input,
/// or a convolution of it, added to the result.
///
/// The sum costs no pass of its own: the last convolution starts from what is added.
final class FusedResidualBlock: FusedLayer {
    /// One part of the branch: normalisation and ReLU to `activated`, a convolution of it to `result`.
    struct Stage {
        let normalization: FusedNormalization
        let activated: FusedState
        let filter: FusedFilter
        let result: FusedState
    }

    /// The convolution of the input.
    struct Shortcut {
        let filter: FusedFilter
        /// What it is applied to: the first stage's `activated`, or the input.
        let origin: FusedState
        /// The same with its columns split, where the convolution needs that; otherwise the origin.
        let source: FusedState

        var isCopied: Bool { source !== origin }
    }

    private let input: FusedState
    private let stages: [Stage]
    private let shortcut: Shortcut?
    private let output: FusedState

    init(input: FusedState, stages: [Stage], shortcut: Shortcut?, output: FusedState) {
        self.input = input
        self.stages = stages
        self.shortcut = shortcut
        self.output = output
    }

    private var isShortcutActivated: Bool { shortcut?.origin === stages.first?.activated }

    var states: [FusedState] {
        stages.flatMap { [$0.activated, $0.result] } + (shortcut.map { [$0.source] } ?? [])
    }

    func shareGradients(_ memory: GradientMemory) throws {
        for (index, stage) in stages.enumerated().reversed() {
            try memory.take(for: stage.activated)
            // The output's gradient is needed to the end, for what is added to the branch.
            if index < stages.count - 1 { memory.release(stage.result) }
            if index == 0, let shortcut, shortcut.isCopied { try memory.take(for: shortcut.source) }
            try stage.normalization.shareGradients(memory)
        }
        if let shortcut, shortcut.isCopied { memory.release(shortcut.source) }
        memory.release(output)
    }

    func forward(_ pass: FusedPass) throws {
        for (index, stage) in stages.enumerated() {
            let isFirst = index == 0
            let leavesRows =
                pass.isTraining && stage.normalization.leavesRows(to: stage.filter, pass.team)
                && !(isFirst && isShortcutActivated)
            if !leavesRows { try stage.normalization.forward(pass) }
            // At once, since what is activated does not last.
            if isFirst, let shortcut { try forward(shortcut, pass) }
            var added: FusedState?
            if index == stages.count - 1 { added = shortcut == nil ? input : output }
            if leavesRows {
                try stage.filter.forward(
                    through: stage.normalization,
                    adding: added,
                    to: stage.result,
                    pass
                )
            } else {
                try stage.filter.forward(stage.activated, adding: added, to: stage.result, pass)
            }
        }
    }

    private func forward(_ shortcut: Shortcut, _ pass: FusedPass) throws {
        if shortcut.isCopied {
            ctk_reorder_columns(
                pass.team.pointer,
                &shortcut.origin.values,
                &shortcut.source.values
            )
        }
        try shortcut.filter.forward(shortcut.source, to: output, isComplete: false, pass)
    }

    func backward(_ pass: FusedPass) throws {
        for (index, stage) in stages.enumerated().reversed() {
            try stage.filter.parameterGradients(
                stage.activated,
                stage.result,
                keepsTransposed: index == 0 && isShortcutActivated,
                pass
            )
            let isComplete = index > 0 || !isShortcutActivated
            try stage.filter.inputGradient(
                stage.result,
                to: stage.activated,
                for: isComplete ? stage.normalization : nil,
                pass
            )
            if index == 0, let shortcut, isShortcutActivated {
                try backward(shortcut, pass)
            }
            // Without a convolution, the output's gradient reaches the input as it is.
            let added = index == 0 && shortcut == nil ? output : nil
            try stage.normalization.backward(adding: added, pass)
        }
        if let shortcut, !isShortcutActivated { try backward(shortcut, pass) }
    }

    /// Adds what reaches the shortcut's origin through it to the origin's gradient.
    private func backward(_ shortcut: Shortcut, _ pass: FusedPass) throws {
        let source = shortcut.source
        // The first convolution of the branch may have left the transposition of the same input.
        let isTransposed =
            source === stages[0].activated
            && !stages[0].filter.isWinograd(on: source.values, pass.team)
        try shortcut.filter.parameterGradients(source, output, transposes: !isTransposed, pass)
        guard shortcut.origin.needsGradient else { return }
        let isCopied = shortcut.isCopied
        try shortcut.filter.inputGradient(output, to: source, accumulates: !isCopied, pass)
        if isCopied {
            ctk_add(pass.team.pointer, &source.gradient, &shortcut.origin.gradient)
        }
    }
}

extension PreActBlock: FusibleBlock {
    func fuse(into network: FusedNetworkBuilder) throws {
        let input = try network.state()
        var shape = network.shape
        let endShape = try outputShape(for: shape)
        var state = input
        var stages: [FusedResidualBlock.Stage] = []
        for (norm, convolution) in zip(norms, convolutions) {
            var form = try network.form(of: shape)
            form.isSplit = convolution.stride == 2
            let activated = try FusedState(form, needsGradient: true)
            let normalization = try norm.fused(
                in: network,
                activation: .relu,
                input: state,
                output: activated
            )
            if network.isBlocked { activated.recomputed = normalization }
            shape = try convolution.outputShape(for: shape)
            stages.last?.result.isOnlyNormalized = true
            state = try FusedState(network.form(of: shape), needsGradient: true)
            stages.append(
                FusedResidualBlock.Stage(
                    normalization: normalization,
                    activated: activated,
                    filter: try convolution.fusedFilter(in: network),
                    result: state
                )
            )
        }
        network.append(
            FusedResidualBlock(
                input: input,
                stages: stages,
                shortcut: try fusedShortcut(input, stages[0].activated, in: network),
                output: state
            ),
            output: state,
            shape: endShape
        )
    }

    private func fusedShortcut(
        _ input: FusedState,
        _ activated: FusedState,
        in network: FusedNetworkBuilder
    ) throws -> FusedResidualBlock.Shortcut? {
        guard let shortcut else { return nil }
        let origin = shortcutInput == .raw ? input : activated
        var form = origin.form
        form.isSplit = shortcut.stride == 2
        return FusedResidualBlock.Shortcut(
            filter: try shortcut.fusedFilter(in: network),
            origin: origin,
            source: form == origin.form
                ? origin : try FusedState(form, needsGradient: origin.needsGradient)
        )
    }
}
