internal import CLibTorch

extension Tensor {
    /// input · weightᵀ + bias: [N, I] with a weight [O, I] and a bias [O] gives [N, O].
    public func linear(weight: Tensor, bias: Tensor?) throws -> Tensor {
        try withExtendedLifetime(bias) {
            try binary(weight) {
                clt_linear($0, $1, bias?.handle ?? clt_tensor(impl: nil), $2)
            }
        }
    }

    /// The two-dimensional convolution: [N, C, H, W] with a weight [O, C, K, K] and a bias [O] gives
    /// [N, O, H′, W′].
    ///
    /// - Parameters:
    ///   - weight: the filters.
    ///   - bias: one number for every filter, if any.
    ///   - stride: the distance between neighbouring windows, in pixels.
    ///   - padding: the zeros that are put around the image on every side, in pixels.
    public func convolved(
        weight: Tensor,
        bias: Tensor? = nil,
        stride: Int = 1,
        padding: Int = 0
    ) throws -> Tensor {
        try withExtendedLifetime(bias) {
            try binary(weight) {
                let bias = bias?.handle ?? clt_tensor(impl: nil)
                return clt_conv2d($0, $1, bias, Int64(stride), Int64(padding), $2)
            }
        }
    }

    /// max(x, 0).
    public func relu() throws -> Tensor { try unary(clt_relu) }

    /// x where x is positive, negativeSlope · x elsewhere.
    public func leakyReLU(negativeSlope: Double = 0.01) throws -> Tensor {
        try unary { clt_leaky_relu($0, negativeSlope, $1) }
    }

    /// The hyperbolic tangent.
    public func tanh() throws -> Tensor { try unary(clt_tanh) }

    /// Batch normalisation over all dimensions but the second; see ``BatchNorm``.
    func batchNormalized(
        weight: Tensor?,
        bias: Tensor?,
        runningMean: Tensor,
        runningVariance: Tensor,
        training: Bool,
        momentum: Double,
        epsilon: Double
    ) throws -> Tensor {
        let absent = clt_tensor(impl: nil)
        return try withExtendedLifetime((weight, bias, runningMean, runningVariance)) {
            try unary {
                clt_batch_norm(
                    $0,
                    weight?.handle ?? absent,
                    bias?.handle ?? absent,
                    runningMean.handle,
                    runningVariance.handle,
                    training,
                    momentum,
                    epsilon,
                    $1
                )
            }
        }
    }

    /// The softmax along the last dimension.
    public func softmax() throws -> Tensor {
        try unary { clt_softmax($0, -1, $1) }
    }

    /// The logarithm of the softmax along the last dimension.
    public func logSoftmax() throws -> Tensor {
        try unary { clt_log_softmax($0, -1, $1) }
    }

    /// Labels (int64, [N]) as rows with a single one: [N, C].
    ///
    /// - Throws: `TorchError` if a label is not in `0 ..< classCount`.
    public func oneHot(classCount: Int, dtype: DType = .float32) throws -> Tensor {
        try unary { clt_one_hot($0, Int64(classCount), dtype.code, $1) }
    }

    /// −t·log(p) − (1 − t)·log(1 − p), averaged over all elements; logarithms are clamped at −100.
    public func binaryCrossEntropy(targets: Tensor) throws -> Tensor {
        try binary(targets, clt_binary_cross_entropy)
    }
}
