internal import CLibTorch

/// A source of random numbers with a state of its own.
///
/// Everything random in this package takes a generator explicitly; libtorch's global one is never
/// used. Equal seeds give equal numbers, and the whole state can be saved and restored. The numbers are
/// drawn on the CPU also for tensors of another device, and copied to it.
public final class Generator {
    private let handle: clt_generator

    /// Creates a generator; libtorch's Mersenne Twister uses the lower 32 bits of the seed.
    public init(seed: UInt64) throws {
        var handle = clt_generator(impl: nil)
        try check(clt_generator_new(seed, &handle))
        self.handle = handle
    }

    deinit {
        clt_generator_free(handle)
    }

    /// The whole state, as a tensor of bytes.
    public func state() throws -> Tensor {
        try withExtendedLifetime(self) {
            try Tensor.make { clt_generator_state(handle, $0) }
        }
    }

    /// Goes back to a state that ``state()`` returned.
    public func restore(_ state: Tensor) throws {
        try withExtendedLifetime((self, state)) {
            try check(clt_generator_set_state(handle, state.handle))
        }
    }

    /// Overwrites a tensor with numbers uniform in [low, high).
    public func fillUniform(_ tensor: Tensor, low: Double = 0, high: Double = 1) throws {
        try withExtendedLifetime((self, tensor)) {
            try check(clt_fill_uniform(tensor.handle, low, high, handle))
        }
    }

    /// Overwrites a tensor with normal numbers.
    public func fillNormal(
        _ tensor: Tensor,
        mean: Double = 0,
        standardDeviation: Double = 1
    ) throws {
        try withExtendedLifetime((self, tensor)) {
            try check(clt_fill_normal(tensor.handle, mean, standardDeviation, handle))
        }
    }

    /// One double uniform in [0, 1).
    public func uniform() throws -> Double {
        try uniforms(1)[0]
    }

    /// Doubles uniform in [0, 1).
    public func uniforms(_ count: Int) throws -> [Double] {
        try numbers(count) { clt_draw_uniform(handle, $0, Int64(count)) }
    }

    /// Draws of Gamma(concentration, 1).
    ///
    /// - Throws: `TorchError` unless the concentration is positive and finite.
    public func gammas(_ count: Int, concentration: Double) throws -> [Double] {
        try numbers(count) { clt_draw_gamma(handle, concentration, $0, Int64(count)) }
    }

    private func numbers(
        _ count: Int,
        _ draw: (UnsafeMutablePointer<Double>?) -> clt_status
    ) throws -> [Double] {
        guard count >= 0 else { throw TorchError("\(count) numbers cannot be drawn") }
        return try withExtendedLifetime(self) {
            try [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
                try check(draw(buffer.baseAddress))
                initialized = count
            }
        }
    }

    /// A random order of 0 ..< count (int64).
    public func permutation(_ count: Int) throws -> Tensor {
        try withExtendedLifetime(self) {
            try Tensor.make { clt_random_permutation(Int64(count), handle, $0) }
        }
    }

    /// Ones with the given probability and zeros otherwise, in the shape and type of `like`.
    public func bernoulli(like: Tensor, probability: Double) throws -> Tensor {
        try withExtendedLifetime(self) {
            try like.unary { clt_bernoulli_like($0, probability, handle, $1) }
        }
    }
}
