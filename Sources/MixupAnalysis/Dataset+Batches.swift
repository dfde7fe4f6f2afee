import LibTorch
import ManifoldMixup
import MixupData

extension Dataset {
    /// At most `count` examples, evenly spaced, so that every class is there even where the
    /// examples are sorted by class.
    ///
    /// - Throws: `MixupError` where `count` is below 1.
    public func evenlySpaced(_ count: Int) throws -> Dataset {
        guard count >= 1 else {
            throw MixupError("\(count) examples cannot be measured; take 1 or more")
        }
        guard count < self.count else { return self }
        return try subset((0..<count).map { $0 * self.count / count })
    }

    /// Calls `body` with all examples in order, some at a time: their indices, the input [N, …],
    /// and the classes (int64, [N]).
    func forEachBatch(
        of size: Int,
        dtype: DType,
        _ body: (_ rows: Range<Int>, _ input: Tensor, _ labels: Tensor) throws -> Void
    ) throws {
        let size = max(size, 1)
        for start in stride(from: 0, to: count, by: size) {
            let rows = start..<start + min(size, count - start)
            let batch = try minibatch(rows)
            try body(
                rows,
                try Tensor(batch.features, shape: batch.shape).to(dtype),
                try Tensor(batch.labels)
            )
        }
    }
}

extension SplitMix64 {
    /// A number uniform in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
