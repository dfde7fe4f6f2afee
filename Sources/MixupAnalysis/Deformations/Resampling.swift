import Foundation

/// Takes values of an image at places between its pixels.
struct Resampling {
    let height: Int
    let width: Int
    let interpolation: DeformationOptions.Interpolation
    /// Whether a place beyond the outermost pixels' centres is outside; otherwise the image fades
    /// there.
    let hasHardBorder: Bool

    init(size: (height: Int, width: Int), _ options: DeformationOptions) {
        (height, width) = size
        interpolation = options.interpolation
        hasHardBorder = options.sense == .authors
    }

    /// The pixels that a value is made of, −1 for one outside, and their weights.
    struct Taps {
        var pixels = SIMD4(repeating: -1)
        var weights = SIMD4(1.0, 0, 0, 0)
    }

    /// What the value at a place is made of.
    func taps(row: Double, column: Double) -> Taps {
        // Also keeps numbers that no integer can hold from being converted.
        guard row > -1, row < Double(height), column > -1, column < Double(width) else {
            return Taps()
        }
        if hasHardBorder {
            let isInside =
                row >= 0 && row <= Double(height - 1) && column >= 0 && column <= Double(width - 1)
            guard isInside else { return Taps() }
        }
        switch interpolation {
        case .nearest:
            let nearest = pixel(Int(rounded(row)), Int(rounded(column)))
            return Taps(pixels: SIMD4(nearest, -1, -1, -1))
        case .bilinear:
            let (top, left) = (Int(row.rounded(.down)), Int(column.rounded(.down)))
            let (down, across) = (row - row.rounded(.down), column - column.rounded(.down))
            return Taps(
                pixels: SIMD4(
                    pixel(top, left),
                    pixel(top, left + 1),
                    pixel(top + 1, left),
                    pixel(top + 1, left + 1)
                ),
                weights: SIMD4(
                    (1 - down) * (1 - across),
                    (1 - down) * across,
                    down * (1 - across),
                    down * across
                )
            )
        }
    }

    /// Halves go up in SciPy, and to the even neighbour in PyTorch.
    private func rounded(_ place: Double) -> Double {
        hasHardBorder ? (place + 0.5).rounded(.down) : place.rounded(.toNearestOrEven)
    }

    private func pixel(_ row: Int, _ column: Int) -> Int {
        let isInside = row >= 0 && row < height && column >= 0 && column < width
        return isInside ? row * width + column : -1
    }

    /// Writes the image that a map makes of another one.
    ///
    /// - Parameters:
    ///   - source: the old image, channel after channel.
    ///   - fill: one value for each channel.
    ///   - map: where the new pixels come from.
    ///   - target: the new image, of the same size.
    func resample(
        _ source: UnsafeBufferPointer<Float>,
        fill: [Float],
        _ map: AffineMap,
        into target: UnsafeMutableBufferPointer<Float>
    ) {
        let size = height * width
        for row in 0..<height {
            for column in 0..<width {
                let place = map.source(row: row, column: column)
                let taps = taps(row: place.row, column: place.column)
                for (channel, fill) in fill.enumerated() {
                    var (sum, covered) = (0.0, 0.0)
                    for tap in 0..<4 where taps.pixels[tap] >= 0 && taps.weights[tap] != 0 {
                        let value = source[channel * size + taps.pixels[tap]]
                        sum += taps.weights[tap] * Double(value)
                        covered += taps.weights[tap]
                    }
                    // At a soft border what is outside has counted as 0, and torchvision fades the
                    // sum once more into the fill.
                    let value = sum * covered + (1 - covered) * Double(fill)
                    target[channel * size + row * width + column] = Float(value)
                }
            }
        }
    }
}
