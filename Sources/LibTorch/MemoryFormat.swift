internal import CLibTorch

// In which order the elements of images lie in memory. The shape stays [N, C, H, W], and so does what
// is read or saved; only the speed of convolutions depends on it, and the rounding of sums.

extension Tensor {
    /// The same numbers with the channels of a pixel next to each other in memory, for [N, C, H, W];
    /// this tensor itself for other numbers of dimensions.
    public func channelsLast() throws -> Tensor {
        try unary(clt_channels_last)
    }
}

extension Module {
    /// Puts the weights of convolutions, all tensors with four dimensions, into the order of
    /// ``Tensor/channelsLast()``.
    ///
    /// Convolutions then compute in it, whatever the order of their input. The tensors stay the same
    /// objects, and an optimizer of them goes on as before.
    public func useChannelsLast() throws {
        for named in stateDictionary() {
            try withExtendedLifetime(named.tensor) {
                try check(clt_use_channels_last(named.tensor.handle))
            }
        }
    }
}
