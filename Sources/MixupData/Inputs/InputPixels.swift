/// The pixels of one image, as a file has them.
public struct InputPixels: Sendable, Equatable {
    /// `[channels, height, width]`.
    public let shape: [Int]
    /// The values 0 to 255, channel after channel.
    public let values: [UInt8]

    /// An image whose values fill its shape.
    init(shape: [Int], values: [UInt8]) {
        self.shape = shape
        self.values = values
    }

    /// Brings an image to another height and width; [C, H, W] stays in this order.
    public typealias Resizing =
        @Sendable (InputPixels, _ height: Int, _ width: Int) throws -> [UInt8]

    /// Reads an image file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - channelCount: 3, or 1 for a grey image.
    ///   - convertsToGrey: whether the colours of an image are given up where it must be grey.
    /// - Throws: ``DataError``.
    init(path: String, channelCount: Int, convertsToGrey: Bool) throws {
        let file = try ImageFile(path: path)
        let area = file.header.height * file.header.width
        // Colours are looked at here, as each decoder has a formula of its own for their brightness.
        let decoded = channelCount == 1 && !file.header.isGrey ? 3 : channelCount
        var values = try [UInt8](unsafeUninitializedCapacity: decoded * area) { planes, count in
            try file.decode(
                channelCount: decoded,
                into: UnsafeMutableBufferPointer(rebasing: planes[..<(decoded * area)])
            )
            count = decoded * area
        }
        if decoded > channelCount {
            values = try Self.grey(values, area: area, path: path, converts: convertsToGrey)
        }
        self.init(shape: [channelCount, file.header.height, file.header.width], values: values)
    }

    /// The brightness of every pixel: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
    private static func grey(
        _ values: [UInt8],
        area: Int,
        path: String,
        converts: Bool
    ) throws -> [UInt8] {
        var brightness = [UInt8](repeating: 0, count: area)
        for pixel in 0..<area {
            let red = Int(values[pixel])
            let green = Int(values[area + pixel])
            let blue = Int(values[2 * area + pixel])
            guard converts || red == green && green == blue else {
                throw DataError.invalidFile(
                    path: path,
                    reason:
                        "the image has colours, and the model takes grey images; convert it, or "
                        + "add --grey"
                )
            }
            brightness[pixel] = UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
        }
        return brightness
    }

    /// The image with a grey one's values as often as there are channels.
    func repeated(channelCount: Int) -> InputPixels {
        guard shape[0] == 1, channelCount > 1 else { return self }
        return InputPixels(
            shape: [channelCount] + shape.dropFirst(),
            values: (0..<channelCount).flatMap { _ in values }
        )
    }

    /// The image in the shape of a model's input, normalised as the model's data were.
    ///
    /// - Parameters:
    ///   - format: what the model takes; an image of another number of channels was refused before.
    ///   - name: what messages call the image.
    ///   - resize: brings images of another size to the model's; without it they are an error.
    /// - Throws: ``DataError/invalidFile(path:reason:)``.
    func normalised(
        as format: InputFormat,
        name: String,
        resize: Resizing?
    ) throws -> [Float] {
        let (height, width) = (format.shape[1], format.shape[2])
        var values = values
        if (shape[1], shape[2]) != (height, width) {
            guard let resize else {
                throw DataError.invalidFile(
                    path: name,
                    reason:
                        "the image is \(shape[2])x\(shape[1]), the model takes \(width)x\(height); "
                        + "add --resize, or bring it to that size"
                )
            }
            values = try resize(self, height, width)
        }
        // Whatever range the pixels of the model's own data had, those of a file go from 0 to 255.
        var normalization = format.normalization
        normalization.scale = 255
        let lines = try normalization.lines(channelCount: shape[0], dataset: name)
        let area = height * width
        return values.indices.map { lines[$0 / area](Double(values[$0])) }
    }
}

extension InputFormat {
    /// A row of raw values, in the units of the model's own data, normalised as those were.
    func normalised(_ row: [Float], name: String) throws -> [Float] {
        let lines = try normalization.lines(channelCount: shape[0], dataset: name)
        let channelSize = featureCount / shape[0]
        return row.indices.map { lines[$0 / channelSize](Double(row[$0])) }
    }

    /// Throws where the model takes no images of the kind that files hold.
    func requirePixels(of path: String) throws {
        guard hasPixels else {
            throw DataError.invalidFile(
                path: path,
                reason: "the model takes numbers of shape \(shape), not images; give a table of "
                    + "\(featureCount) columns"
            )
        }
    }
}
