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
        try minibatch(Array(indices), partners: [], augmentation: nil)
    }

    /// The examples at `examples` and then those at `partners`, in that order, changed at random
    /// and normalised, as one contiguous buffer.
    ///
    /// - Parameters:
    ///   - examples: the indices of the examples to learn from.
    ///   - partners: the indices of those that are mixed into them, if they come from a minibatch of
    ///     their own.
    ///   - augmentation: the epoch's random changes; `nil` for none.
    /// - Throws: ``DataError/indexOutOfRange(dataset:index:count:)``,
    ///   ``DataError/emptyMinibatch(dataset:)`` where there are no indices,
    ///   ``DataError/invalidAugmentation(dataset:reason:)``, and
    ///   ``DataError/invalidNormalization(dataset:reason:)`` where ``normalization`` was set to
    ///   something impossible.
    public func minibatch(
        _ examples: [Int],
        partners: [Int],
        augmentation: EpochAugmentation?
    ) throws -> Minibatch {
        let indices = examples + partners
        guard !indices.isEmpty else { throw DataError.emptyMinibatch(dataset: name) }
        try check(indices)
        try augmentation?.augmentation.check(for: self)
        let lines = try normalization.lines(channelCount: channelCount, dataset: name)
        let values: [Float]
        if let augmentation, !augmentation.augmentation.isIdentity,
            case .bytes(let bytes) = features
        {
            let draws = indices.enumerated().map { position, index in
                augmentation.draw(
                    example: index,
                    isPartner: position >= examples.count,
                    height: shape[1],
                    width: shape[2]
                )
            }
            values = augmented(indices, of: bytes, draws: draws, lines: lines)
        } else {
            values = normalised(indices, lines: lines)
        }
        return Minibatch(
            features: values,
            shape: [indices.count] + shape,
            labels: indices.map { Int64(labels[$0]) }
        )
    }

    /// Images after their changes; `indices` and the shape are checked.
    private func augmented(
        _ indices: [Int],
        of bytes: [UInt8],
        draws: [AugmentationDraw],
        lines: [Normalization.Line]
    ) -> [Float] {
        let featureCount = featureCount
        let size = indices.count * featureCount
        let copy = AugmentationCopy(channelCount: shape[0], height: shape[1], width: shape[2])
        return [Float](unsafeUninitializedCapacity: size) { result, initializedCount in
            initializedCount = size
            bytes.withUnsafeBufferPointer { bytes in
                Self.table(lines).withUnsafeBufferPointer { table in
                    guard let target = result.baseAddress, let source = bytes.baseAddress,
                        let table = table.baseAddress
                    else { return }
                    for (position, index) in indices.enumerated() {
                        copy(
                            from: source + index * featureCount,
                            to: target + position * featureCount,
                            table: table,
                            draw: draws[position]
                        )
                    }
                }
            }
        }
    }

    /// The normalised value of every byte, [C, 256].
    private static func table(_ lines: [Normalization.Line]) -> [Float] {
        lines.flatMap { line in (0..<256).map { line(Double($0)) } }
    }

    /// Every step of training waits for this, hence the unchecked buffers; `indices` are checked.
    private func normalised(_ indices: [Int], lines: [Normalization.Line]) -> [Float] {
        let size = indices.count * featureCount
        let channelSize = channelSize
        return [Float](unsafeUninitializedCapacity: size) { result, initializedCount in
            initializedCount = size
            guard let target = result.baseAddress else { return }
            switch features {
            case .bytes(let bytes):
                let table = Self.table(lines)
                table.withUnsafeBufferPointer { table in
                    guard let values = table.baseAddress else { return }
                    gathered(bytes, indices) { examples in
                        forEachChannel(of: indices.count) { channel, place in
                            Self.lookUp(
                                examples + place,
                                count: channelSize,
                                in: values + 256 * channel,
                                to: target + place
                            )
                        }
                    }
                }
            case .floats(let floats):
                gathered(floats, indices) { examples in
                    forEachChannel(of: indices.count) { channel, place in
                        let line = lines[channel]
                        for position in place..<place + channelSize {
                            target[position] = line(Double(examples[position]))
                        }
                    }
                }
            }
        }
    }

    /// Examples side by side: copying them one by one waits for the memory once for each, and not for
    /// each of its cache lines.
    private func gathered<Value>(
        _ values: [Value],
        _ indices: [Int],
        _ body: (UnsafePointer<Value>) -> Void
    ) {
        let size = featureCount
        withUnsafeTemporaryAllocation(of: Value.self, capacity: indices.count * size) { memory in
            values.withUnsafeBufferPointer { values in
                guard let examples = memory.baseAddress, let first = values.baseAddress
                else { return }
                for (position, index) in indices.enumerated() {
                    (examples + position * size)
                        .initialize(from: first + index * size, count: size)
                }
                body(UnsafePointer(examples))
            }
        }
    }

    /// Calls a function with the number of a channel, and its place in a minibatch, for every example.
    private func forEachChannel(of count: Int, _ body: (Int, Int) -> Void) {
        let (channelCount, channelSize) = (channelCount, channelSize)
        for number in 0..<count * channelCount {
            body(number % channelCount, number * channelSize)
        }
    }

    /// Writes what a table has for every byte, four at a time: the cache then takes a whole register.
    private static func lookUp(
        _ bytes: UnsafePointer<UInt8>,
        count: Int,
        in table: UnsafePointer<Float>,
        to target: UnsafeMutablePointer<Float>
    ) {
        let raw = UnsafeMutableRawPointer(target)
        let whole = count - count % 4
        for place in stride(from: 0, to: whole, by: 4) {
            let values = SIMD4(
                table[Int(bytes[place])],
                table[Int(bytes[place + 1])],
                table[Int(bytes[place + 2])],
                table[Int(bytes[place + 3])]
            )
            raw.storeBytes(of: values, toByteOffset: 4 * place, as: SIMD4<Float>.self)
        }
        for place in whole..<count { target[place] = table[Int(bytes[place])] }
    }
}
