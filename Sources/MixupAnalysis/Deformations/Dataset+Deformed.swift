import ManifoldMixup
import MixupData

extension Dataset {
    /// The images after a deformation.
    ///
    /// Their values are normalised already, by the normalisation that this data set has.
    ///
    /// - Parameters:
    ///   - deformation: what is done.
    ///   - options: how it is computed.
    ///   - rows: the indices of the examples; all of them if `nil`.
    /// - Throws: `MixupError` where the examples are not images [C, H, W].
    public func deformed(
        by deformation: Deformation,
        _ options: DeformationOptions = DeformationOptions(),
        rows: Range<Int>? = nil
    ) throws -> Dataset {
        guard shape.count == 3 else {
            throw MixupError(
                "\(name): an example of shape \(shape) is not an image [channels, height, width], "
                    + "so it cannot be deformed"
            )
        }
        let rows = rows ?? 0..<count
        let batch = try minibatch(rows)
        let size = (height: shape[1], width: shape[2])
        let resampling = Resampling(size: size, options)
        let fill = try fill(options.fill)
        var values = [Float](repeating: 0, count: batch.features.count)
        batch.features.withUnsafeBufferPointer { source in
            values.withUnsafeMutableBufferPointer { target in
                for (position, index) in rows.enumerated() {
                    let part = position * featureCount..<(position + 1) * featureCount
                    let angle = deformation.angle(ofExample: index, seed: options.seed)
                    resampling.resample(
                        UnsafeBufferPointer(rebasing: source[part]),
                        fill: fill,
                        AffineMap(deformation, angle: angle, options, size: size),
                        into: UnsafeMutableBufferPointer(rebasing: target[part])
                    )
                }
            }
        }
        return try Dataset(
            name: "\(name), \(deformation)",
            shape: shape,
            classNames: classNames,
            labels: rows.map { labels[$0] },
            features: .floats(values),
            normalization: Normalization()
        )
    }

    /// The value of each channel where an image has nothing, after the normalisation.
    private func fill(_ fill: DeformationOptions.Fill) throws -> [Float] {
        guard fill == .black else { return [Float](repeating: 0, count: shape[0]) }
        let black = try Dataset(
            name: name,
            shape: [shape[0]],
            classNames: classNames,
            labels: [labels[0]],
            features: .bytes([UInt8](repeating: 0, count: shape[0])),
            normalization: normalization
        )
        return try black.minibatch([0]).features
    }
}
