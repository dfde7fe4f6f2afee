/// Copies images of bytes into a minibatch, changed and normalised in one go.
struct AugmentationCopy {
    let channelCount: Int
    let height: Int
    let width: Int

    /// Copies one image; every value of `target` is written.
    ///
    /// - Parameters:
    ///   - source: the image's bytes, [C, H, W].
    ///   - target: its place in the minibatch, [C, H, W].
    ///   - table: the normalised value of each byte, [C, 256].
    ///   - draw: what happens to the image.
    func callAsFunction(
        from source: UnsafePointer<UInt8>,
        to target: UnsafeMutablePointer<Float>,
        table: UnsafePointer<Float>,
        draw: AugmentationDraw
    ) {
        // The columns of the result that lie in the image, and the distance to them in its rows.
        let columns = max(0, -draw.columnShift)..<min(width, width - draw.columnShift)
        for channel in 0..<channelCount {
            let values = table + 256 * channel
            let padding = values[0]
            for row in 0..<height {
                let result = target + (channel * height + row) * width
                let sourceRow = row + draw.rowShift
                guard sourceRow >= 0, sourceRow < height else {
                    result.initialize(repeating: padding, count: width)
                    continue
                }
                let line = source + (channel * height + sourceRow) * width
                result.initialize(repeating: padding, count: columns.lowerBound)
                if draw.isFlipped {
                    let last = width - 1 - draw.columnShift
                    for column in columns { result[column] = values[Int(line[last - column])] }
                } else {
                    for column in columns {
                        result[column] = values[Int(line[column + draw.columnShift])]
                    }
                }
                (result + columns.upperBound)
                    .initialize(repeating: padding, count: width - columns.upperBound)
            }
            for row in draw.blotRows {
                (target + (channel * height + row) * width + draw.blotColumns.lowerBound)
                    .initialize(repeating: 0, count: draw.blotColumns.count)
            }
        }
    }
}
