/// Some examples of a data set, ready to become tensors.
public struct Minibatch: Sendable {
    /// How the examples' values are at hand.
    public enum Values: Sendable {
        /// Normalised, example after example.
        case numbers([Float])
        /// Those at `rows` of a whole data set's bytes, and the normalised value of each of 256 in every
        /// channel, [C, 256].
        case bytes([UInt8], rows: [Int], table: [Float])
    }

    /// The values; whoever wants them all, normalised, takes ``features``.
    public let values: Values
    /// The shape of the values: the number of examples, then the shape of one.
    public let shape: [Int]
    /// The class of each example.
    public let labels: [Int64]

    /// The normalised values, example after example; bytes are looked up with every call.
    public var features: [Float] {
        switch values {
        case .numbers(let numbers): numbers
        case .bytes(let bytes, let rows, let table): lookedUp(bytes, rows: rows, in: table)
        }
    }

    /// The same examples, whose values are normalised.
    var normalised: Minibatch {
        Minibatch(values: .numbers(features), shape: shape, labels: labels)
    }

    /// The number of values in one channel of an example.
    public var channelSize: Int { shape.dropFirst(2).reduce(1, *) }

    /// Every step of training may wait for this, hence the unchecked buffers.
    private func lookedUp(_ bytes: [UInt8], rows: [Int], in table: [Float]) -> [Float] {
        let (channelCount, channelSize) = (shape[1], channelSize)
        let size = channelCount * channelSize
        return [Float](unsafeUninitializedCapacity: rows.count * size) { result, count in
            count = rows.count * size
            // Side by side: looking them up where they are waits for the memory once for each of their
            // cache lines, and not once for each example.
            bytes.gathered(rows, size: size).withUnsafeBufferPointer { bytes in
                table.withUnsafeBufferPointer { table in
                    guard let target = result.baseAddress, let source = bytes.baseAddress,
                        let table = table.baseAddress
                    else { return }
                    for number in 0..<rows.count * channelCount {
                        let place = number * channelSize
                        Self.lookUp(
                            source + place,
                            count: channelSize,
                            in: table + number % channelCount * 256,
                            to: target + place
                        )
                    }
                }
            }
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
        let table = try normalizedBytes.get()
        let values: Minibatch.Values
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
            values = .numbers(augmented(indices, of: bytes, draws: draws, table: table))
        } else {
            switch features {
            case .bytes(let bytes):
                values = .bytes(bytes, rows: indices, table: table)
            case .floats(let floats):
                let gathered = floats.gathered(indices, size: featureCount)
                values = .numbers(try normalised(gathered))
            }
        }
        return Minibatch(
            values: values,
            shape: [indices.count] + shape,
            labels: indices.map { Int64(labels[$0]) }
        )
    }

    /// Images after their changes; `indices` and the shape are checked.
    private func augmented(
        _ indices: [Int],
        of bytes: [UInt8],
        draws: [AugmentationDraw],
        table: [Float]
    ) -> [Float] {
        let featureCount = featureCount
        let size = indices.count * featureCount
        let copy = AugmentationCopy(channelCount: shape[0], height: shape[1], width: shape[2])
        return [Float](unsafeUninitializedCapacity: size) { result, initializedCount in
            initializedCount = size
            bytes.withUnsafeBufferPointer { bytes in
                table.withUnsafeBufferPointer { table in
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

    /// Numbers of whole examples, one line for each channel.
    private func normalised(_ numbers: [Float]) throws -> [Float] {
        let (channelSize, lines) = (channelSize, try normalizationLines())
        return [Float](unsafeUninitializedCapacity: numbers.count) { result, initializedCount in
            initializedCount = numbers.count
            numbers.withUnsafeBufferPointer { numbers in
                for number in 0..<numbers.count / channelSize {
                    let line = lines[number % lines.count]
                    for place in number * channelSize..<(number + 1) * channelSize {
                        result[place] = line(Double(numbers[place]))
                    }
                }
            }
        }
    }
}

extension Array {
    /// Rows of `size` values side by side; they must be there.
    fileprivate func gathered(_ rows: [Int], size: Int) -> [Element] {
        [Element](unsafeUninitializedCapacity: rows.count * size) { result, count in
            count = rows.count * size
            withUnsafeBufferPointer { values in
                guard let target = result.baseAddress, let first = values.baseAddress
                else { return }
                for (position, row) in rows.enumerated() {
                    (target + position * size).initialize(from: first + row * size, count: size)
                }
            }
        }
    }
}
