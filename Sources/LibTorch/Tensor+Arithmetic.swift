internal import CLibTorch

extension Tensor {
    /// The sum, element by element; shapes are broadcast.
    public static func + (left: Tensor, right: Tensor) throws -> Tensor {
        try left.binary(right, clt_add)
    }

    /// The difference, element by element; shapes are broadcast.
    public static func - (left: Tensor, right: Tensor) throws -> Tensor {
        try left.binary(right, clt_subtract)
    }

    /// The product, element by element; shapes are broadcast.
    public static func * (left: Tensor, right: Tensor) throws -> Tensor {
        try left.binary(right, clt_multiply)
    }

    /// The quotient, element by element; shapes are broadcast.
    public static func / (left: Tensor, right: Tensor) throws -> Tensor {
        try left.binary(right, clt_divide)
    }

    /// Adds a number to every element.
    public static func + (left: Tensor, right: Double) throws -> Tensor {
        try left.unary { clt_add_scalar($0, right, $1) }
    }

    /// Multiplies every element by a number.
    public static func * (left: Tensor, right: Double) throws -> Tensor {
        try left.unary { clt_multiply_scalar($0, right, $1) }
    }

    /// Negates every element.
    public static prefix func - (operand: Tensor) throws -> Tensor {
        try operand * -1
    }

    /// The matrix product [N, K] × [K, M].
    public func matrixProduct(_ other: Tensor) throws -> Tensor {
        try binary(other, clt_matmul)
    }

    /// e to the power of every element.
    public func exp() throws -> Tensor { try unary(clt_exp) }
    /// The natural logarithm of every element.
    public func log() throws -> Tensor { try unary(clt_log) }
    /// The square root of every element.
    public func squareRoot() throws -> Tensor { try unary(clt_sqrt) }
    /// The absolute value of every element.
    public func absolute() throws -> Tensor { try unary(clt_abs) }
    /// −1, 0 or 1 for every element.
    public func sign() throws -> Tensor { try unary(clt_sign) }
    /// The digamma function ψ of every element.
    public func digamma() throws -> Tensor { try unary(clt_digamma) }

    /// x · log(y), and 0 where this tensor's element x is 0.
    public func timesLog(of other: Tensor) throws -> Tensor {
        try binary(other, clt_xlogy)
    }

    /// start + weight · (end − start); this tensor is the start.
    public func interpolated(to end: Tensor, weight: Double) throws -> Tensor {
        try binary(end) { clt_lerp($0, $1, weight, $2) }
    }

    /// start + weight · (end − start), with a tensor of weights that is broadcast.
    public func interpolated(to end: Tensor, weight: Tensor) throws -> Tensor {
        try withExtendedLifetime(weight) {
            try binary(end) { clt_lerp_tensor($0, $1, weight.handle, $2) }
        }
    }

    /// weight · row + (1 − weight) · partner, for every row of [N, …].
    ///
    /// - Parameters:
    ///   - order: a permutation of the rows (int64, [N]): row i has row `order[i]` for a partner.
    ///   - weight: of the row itself.
    /// - Throws: `TorchError` if `order` is not a permutation of the rows.
    public func interpolatedRows(order: Tensor, weight: Double) throws -> Tensor {
        try binary(order) { clt_interpolate_rows($0, $1, weight, $2) }
    }

    /// The same where everything is on the rows' device: nothing waits for it, so that it can be
    /// recorded (``Recording``).
    ///
    /// - Parameters:
    ///   - order: a permutation of the rows (int64, [N]), which is not checked.
    ///   - inverse: its inverse, from which the gradient is made.
    ///   - weight: of the row itself, one number. In its type is computed.
    public func interpolatedRows(order: Tensor, inverse: Tensor, weight: Tensor) throws -> Tensor {
        try withExtendedLifetime((inverse, weight)) {
            try binary(order) {
                clt_interpolate_rows_there($0, $1, inverse.handle, weight.handle, $2)
            }
        }
    }

    /// The larger element of the two, element by element.
    public func maximum(_ other: Tensor) throws -> Tensor {
        try binary(other, clt_maximum)
    }

    /// The smaller element of the two, element by element.
    public func minimum(_ other: Tensor) throws -> Tensor {
        try binary(other, clt_minimum)
    }

    /// Where the elements of the two are equal.
    public func equalElements(_ other: Tensor) throws -> Tensor {
        try binary(other, clt_equal_elements)
    }

    /// The sum over `dimensions`, over all of them when the list is empty.
    public func sum(_ dimensions: [Int] = [], keepingDimensions: Bool = false) throws -> Tensor {
        let list = dimensions.map(Int64.init)
        return try unary { clt_sum($0, list, Int32(list.count), keepingDimensions, $1) }
    }

    /// The mean over `dimensions`, over all of them when the list is empty.
    public func mean(_ dimensions: [Int] = [], keepingDimensions: Bool = false) throws -> Tensor {
        let list = dimensions.map(Int64.init)
        return try unary { clt_mean($0, list, Int32(list.count), keepingDimensions, $1) }
    }

    /// The position of the largest element along a dimension (int64).
    public func indexOfMaximum(_ dimension: Int = -1) throws -> Tensor {
        try unary { clt_argmax($0, Int64(dimension), $1) }
    }

    /// The positions of the `count` largest elements along a dimension, largest first (int64).
    public func indicesOfLargest(_ count: Int, dimension: Int = -1) throws -> Tensor {
        try unary { clt_top_indices($0, Int64(count), Int64(dimension), $1) }
    }
}
