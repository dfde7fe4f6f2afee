internal import CLibTorch

extension Tensor {
    /// Images [N, C, H, W] in another size, each side by itself: bilinear interpolation with
    /// antialiasing, so that every pixel of a larger image counts. It is what torchvision's and Pillow's
    /// `resize` do by default; bytes are rounded after each direction, as there.
    ///
    /// - Parameters:
    ///   - height: the new number of rows, from 1.
    ///   - width: the new number of columns, from 1.
    /// - Throws: `TorchError` for tensors of another number of dimensions, and of whole numbers
    ///   that are no bytes.
    public func resizedImages(height: Int, width: Int) throws -> Tensor {
        try unary { clt_resize_images($0, Int64(height), Int64(width), $1) }
    }
}
