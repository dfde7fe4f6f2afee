internal import CTrainKernels

/// A hidden state of a minibatch between two layers, and its gradient, as planes or blocks.
final class FusedState {
    /// How the planes lie in memory, but for the batch.
    struct Form: Hashable {
        var channels: Int
        var height: Int
        var width: Int
        /// Zeros at both ends of a row, for convolutions.
        var border: Int
        /// Whether even and odd columns lie apart, for convolutions of stride 2.
        var isSplit: Bool
        /// Whether the channels lie in blocks of bfloat16.
        var isBlocked: Bool

        /// A state without pixels, [D].
        static func units(_ count: Int, isBlocked: Bool) -> Form {
            Form(
                channels: count,
                height: 1,
                width: 1,
                border: 0,
                isSplit: false,
                isBlocked: isBlocked
            )
        }

        /// Images [C, H, W].
        static func image(
            _ channels: Int,
            _ height: Int,
            _ width: Int,
            isBlocked: Bool
        ) -> Form {
            Form(
                channels: channels,
                height: height,
                width: width,
                border: 1,
                isSplit: false,
                isBlocked: isBlocked
            )
        }

        /// Images [C, H, W] in blocks, as the patches of 3 × 3 pixels that a filter sees.
        static func patches(_ channels: Int, _ height: Int, _ width: Int) -> Form {
            Form(
                channels: channels * 9,
                height: height,
                width: width,
                border: 0,
                isSplit: false,
                isBlocked: true
            )
        }

        /// Without memory.
        func planes(batch: Int) -> ctk_planes {
            ctk_planes_of(
                Int64(channels),
                Int64(height),
                Int64(width),
                Int64(border),
                Int64(batch),
                isSplit,
                isBlocked
            )
        }
    }

    let form: Form
    /// Whether something before it is learned, so that its gradient is needed.
    let needsGradient: Bool
    /// Whether the values come from an activation, whose gradient is taken from them.
    var isActivated = false
    /// Whether the convolution that makes the values leaves their moments for a normalisation.
    var keepsMoments = false {
        didSet { origin?.keepsMoments = keepsMoments }
    }
    /// The normalisation that takes the values; it may be done with them when they are made, in an
    /// evaluation.
    weak var normalization: FusedNormalization? {
        didSet { origin?.normalization = normalization }
    }
    /// Whether nothing else takes the values.
    var isOnlyNormalized = false
    /// The normalisation that makes the values, and makes them again for the gradient of the weights
    /// that are applied to them. In between they are not kept: they lie where the gradient will.
    weak var recomputed: FusedNormalization?
    /// The state whose values these are, unless they are mixed.
    var origin: FusedState?
    /// The values. Kernels take a pointer to this description, which is why it can be changed.
    var values = ctk_planes()
    /// The gradient of the loss by the values; shared with other states that are never needed at the
    /// same time.
    var gradient = ctk_planes()
    /// The memory of the gradient; `nil` until the plan gives it some.
    var gradientMemory: StateMemory?
    private let memory: StateMemory
    private let moments: KernelMemory

    init(_ form: Form, needsGradient: Bool) throws {
        self.form = form
        self.needsGradient = needsGradient
        memory = try StateMemory()
        moments = try KernelMemory(0)
    }

    /// Lays the values out for a minibatch, in memory of the state's own unless they are recomputed.
    func prepareValues(batch: Int) throws {
        let memory = recomputed == nil ? memory : gradientMemory ?? memory
        values = try memory.layOut(form, batch: batch)
    }

    /// Gives the values memory for their moments, if somebody wants those.
    func prepareMoments(isTraining: Bool) throws {
        values.moments = nil
        guard keepsMoments, isTraining, values.is_blocked, values.pitch == values.batch else {
            return
        }
        try moments.reserve(Int(ctk_moments_size(&values)))
        values.moments = moments.elements
    }

    /// Lays the gradient out in the same way.
    func prepareGradient(batch: Int) throws {
        guard let gradientMemory else { return }
        gradient = try gradientMemory.layOut(form, batch: batch)
    }
}

extension ctk_planes? {
    /// Lends a pointer to the planes, or `nil` where there are none.
    func withPointer<Value>(
        _ body: (UnsafePointer<ctk_planes>?) throws -> Value
    ) rethrows -> Value {
        guard var planes = self else { return try body(nil) }
        return try body(&planes)
    }
}

/// Memory for the values, or the gradients, of states of one form.
final class StateMemory {
    private let memory: KernelMemory
    private var batch = 0

    init() throws {
        memory = try KernelMemory(0)
    }

    /// Planes for a minibatch. Where the last ones were for another one, the borders lie elsewhere, and
    /// everything is set to zero.
    func layOut(_ form: FusedState.Form, batch: Int) throws -> ctk_planes {
        var planes = form.planes(batch: batch)
        try memory.reserve(Int(ctk_planes_size(&planes)))
        if batch != self.batch { memory.clear() }
        self.batch = batch
        planes.elements = memory.elements
        return planes
    }
}

/// Hands out memory for gradients while a plan is made, so that states which are never needed at the
/// same time share it.
///
/// Only states of one form share memory: the zeros of their borders lie in the same places.
///
/// What a convolution is applied to, and what it makes, never share memory, for they have gradients
/// at the same time. In a forward pass, the same memory holds the values that are recomputed.
final class GradientMemory {
    private var free: [FusedState.Form: [StateMemory]] = [:]

    /// Gives a state memory that nothing uses at this point of the backward pass.
    func take(for state: FusedState) throws {
        state.gradientMemory = try free[state.form]?.popLast() ?? StateMemory()
    }

    /// Takes back a state's memory for others, from this point of the backward pass on.
    func release(_ state: FusedState) {
        guard let memory = state.gradientMemory else { return }
        free[state.form, default: []].append(memory)
    }
}
