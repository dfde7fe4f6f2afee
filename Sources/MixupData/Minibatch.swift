/// Some examples of a data set, normalised and ready to become tensors.
public struct Minibatch: Sendable {
    /// The normalised values, example after example.
    public let features: [Float]
    /// The shape of `features`: the number of examples, then the shape of one.
    public let shape: [Int]
    /// The class of each example.
    public let labels: [Int64]
}

extension Dataset {
    /// The examples at `indices`, in that order, normalised, as one contiguous buffer.
    ///
    /// - Throws: ``DataError/indexOutOfRange(dataset:index:count:)``,
    ///   ``DataError/emptyMinibatch(dataset:)`` where there are no indices, and
    ///   ``DataError/invalidNormalization(dataset:reason:)`` where ``normalization`` was set to
    ///   something impossible.
    public func minibatch(_ indices: some Collection<Int>) throws -> Minibatch {
        try minibatch(of: Array(indices))
    }

    private func minibatch(of indices: [Int]) throws -> Minibatch {
        guard !indices.isEmpty else { throw DataError.emptyMinibatch(dataset: name) }
        try check(indices)
        let lines = try normalization.lines(channelCount: channelCount, dataset: name)
        return Minibatch(
            features: normalised(indices, lines: lines),
            shape: [indices.count] + shape,
            labels: indices.map { Int64(labels[$0]) }
        )
    }

    /// Every step of training waits for this, hence the unchecked buffers; `indices` are checked.
    private func normalised(_ indices: [Int], lines: [Normalization.Line]) -> [Float] {
        let featureCount = featureCount
        let channelSize = channelSize
        let size = indices.count * featureCount
        return [Float](unsafeUninitializedCapacity: size) { result, initializedCount in
            initializedCount = size
            guard var target = result.baseAddress else { return }
            switch features {
            case .bytes(let bytes):
                let table = lines.flatMap { line in (0..<256).map { line(Double($0)) } }
                bytes.withUnsafeBufferPointer { bytes in
                    table.withUnsafeBufferPointer { table in
                        for index in indices {
                            var source = index * featureCount
                            for entry in stride(from: 0, to: table.count, by: 256) {
                                for position in 0..<channelSize {
                                    target[position] = table[entry + Int(bytes[source + position])]
                                }
                                source += channelSize
                                target += channelSize
                            }
                        }
                    }
                }
            case .floats(let floats):
                floats.withUnsafeBufferPointer { floats in
                    lines.withUnsafeBufferPointer { lines in
                        for index in indices {
                            var source = index * featureCount
                            for line in lines {
                                for position in 0..<channelSize {
                                    target[position] = line(Double(floats[source + position]))
                                }
                                source += channelSize
                                target += channelSize
                            }
                        }
                    }
                }
            }
        }
    }
}
