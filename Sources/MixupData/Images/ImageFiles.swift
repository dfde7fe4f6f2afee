/// Many image files of one size, read in several threads.
struct ImageFiles {
    /// The files, in the order of the examples.
    let paths: [String]

    /// What the files say of themselves.
    ///
    /// - Throws: ``DataError`` for the first file that is no image.
    func headers() throws -> [ImageHeader] {
        var headers = [ImageHeader?](repeating: nil, count: paths.count)
        try headers.withUnsafeMutableBufferPointer { headers in
            try Parallel.forEach(paths.count) { index in
                headers[index] = try ImageFile(path: paths[index]).header
            }
        }
        return headers.compactMap { $0 }
    }

    /// The pixels of all images, `[N, C, H, W]`.
    ///
    /// - Parameters:
    ///   - shape: `[channels, height, width]`, which all images must have.
    ///   - reason: why they must have it, for messages.
    /// - Throws: ``DataError`` for the first file that cannot be decoded or has another size.
    func pixels(shape: [Int], because reason: String) throws -> [UInt8] {
        guard let size = Dataset.product(shape),
            let total = Dataset.product([paths.count] + shape), total <= FileBytes.limit
        else {
            throw DataError.invalidFile(
                path: paths.first ?? "no file",
                reason: "\(paths.count) images of shape \(shape) do not fit into the limit of "
                    + "\(FileBytes.limit) bytes; take smaller or fewer ones"
            )
        }
        // Every byte is written below.
        return try [UInt8](unsafeUninitializedCapacity: total) { pixels, count in
            try Parallel.forEach(paths.count) { index in
                let file = try ImageFile(path: paths[index])
                guard file.header.height == shape[1], file.header.width == shape[2] else {
                    throw DataError.invalidFile(
                        path: file.path,
                        reason: "the image is \(file.header.size); "
                            + "\(shape[2])x\(shape[1]) is needed, \(reason)"
                    )
                }
                let own = UnsafeMutableBufferPointer(
                    rebasing: pixels[index * size..<(index + 1) * size]
                )
                try file.decode(channelCount: shape[0], into: own)
            }
            count = total
        }
    }
}
