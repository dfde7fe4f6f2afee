internal import CLibTorch

extension Tensor {
    /// Whether operations on this tensor are recorded for the backward pass.
    public var requiresGradient: Bool {
        get throws {
            try withExtendedLifetime(self) {
                var result = false
                try check(clt_requires_gradient(handle, &result))
                return result
            }
        }
    }

    /// Turns the recording on or off, and returns the tensor.
    @discardableResult
    public func requiringGradient(_ required: Bool = true) throws -> Tensor {
        try withExtendedLifetime(self) {
            try check(clt_set_requires_gradient(handle, required))
        }
        return self
    }

    /// The same elements, cut off from the graph that made them.
    public func detached() throws -> Tensor {
        try unary(clt_detach)
    }

    /// Computes the gradients of this tensor, which holds one number, with respect to every leaf.
    public func backward() throws {
        try withExtendedLifetime(self) {
            try check(clt_backward(handle))
        }
    }

    /// The gradient that the backward passes since ``clearGradient()`` have accumulated, if any.
    public var gradient: Tensor? {
        get throws {
            try withExtendedLifetime(self) {
                var result = clt_tensor(impl: nil)
                try check(clt_gradient(handle, &result))
                return result.impl == nil ? nil : Tensor(consuming: result)
            }
        }
    }

    /// Takes a tensor for the gradient, itself and not a copy.
    public func setGradient(_ gradient: Tensor) throws {
        try withExtendedLifetime((self, gradient)) {
            try check(clt_set_gradient(handle, gradient.handle))
        }
    }

    /// Forgets the accumulated gradient.
    public func clearGradient() throws {
        try withExtendedLifetime(self) {
            try check(clt_clear_gradient(handle))
        }
    }
}

/// Runs `body` without recording anything for a backward pass.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = clt_set_gradient_mode(false)
    defer { _ = clt_set_gradient_mode(before) }
    return try body()
}

/// Runs `body` with matrix products and convolutions in bfloat16, if `enabled`.
///
/// As in PyTorch's autocast, weights and running statistics stay in float32; activations and
/// normalisation keep the type of their input. So do softmax and binary cross entropy on the CPU, while
/// on CUDA the one becomes float32 and the other is refused: compute losses outside of `body`, from
/// logits that were converted to float32.
///
/// - Parameters:
///   - enabled: whether anything is different.
///   - device: where `body` computes.
///   - body: what computes.
public func withBFloat16Autocast<Result>(
    _ enabled: Bool,
    on device: Device = .cpu,
    _ body: () throws -> Result
) rethrows -> Result {
    guard enabled else { return try body() }
    let before = clt_set_autocast_bfloat16(device.code, true)
    defer { _ = clt_set_autocast_bfloat16(device.code, before) }
    return try body()
}
