internal import CLibTorch

/// A rectangular part of an image, in pixels from the upper left corner.
public struct ImageBox: Sendable, Equatable {
    /// The rows, from the top.
    public let rows: Range<Int>
    /// The columns, from the left.
    public let columns: Range<Int>

    /// Creates a box.
    public init(rows: Range<Int>, columns: Range<Int>) {
        self.rows = rows
        self.columns = columns
    }
}

extension Tensor {
    /// Images [N, C, H, W] with one part of each taken from another image of the batch.
    ///
    /// - Parameters:
    ///   - box: the part, the same in all images.
    ///   - order: who gives (int64, [N]): image i receives the part of image `order[i]`.
    /// - Throws: `TorchError` if the box does not lie within the images, or `order` names others.
    public func pastingBox(_ box: ImageBox, order: Tensor) throws -> Tensor {
        let (top, bottom) = (Int64(box.rows.lowerBound), Int64(box.rows.upperBound))
        let (left, right) = (Int64(box.columns.lowerBound), Int64(box.columns.upperBound))
        return try binary(order) { clt_paste_box($0, $1, top, bottom, left, right, $2) }
    }

    /// Images [N, C, H, W] with zeros in one part of each; what lies beyond the border is ignored.
    ///
    /// - Parameter boxes: one part for each image.
    /// - Throws: `TorchError` if there are more or fewer boxes than images.
    public func erasing(_ boxes: [ImageBox]) throws -> Tensor {
        let edges = boxes.flatMap { box in
            [
                box.rows.lowerBound, box.rows.upperBound, box.columns.lowerBound,
                box.columns.upperBound,
            ].map(Int64.init)
        }
        return try binary(Tensor(edges, shape: [boxes.count, 4])) { clt_erase_boxes($0, $1, $2) }
    }
}
