/// How raw values become a network's input: `(value / scale - mean) / standardDeviation`.
public struct Normalization: Sendable, Equatable, Codable {
    /// Raw values are divided by it first: 255 for bytes, 1 for values that are used as they are.
    public var scale: Double
    /// One mean a channel, or one for all channels; of the values after scaling.
    public var mean: [Double]
    /// One standard deviation a channel, or one for all channels; of the values after scaling.
    public var standardDeviation: [Double]

    /// Creates a normalisation; it is checked when a data set uses it.
    public init(scale: Double = 1, mean: [Double] = [0], standardDeviation: [Double] = [1]) {
        self.scale = scale
        self.mean = mean
        self.standardDeviation = standardDeviation
    }
}

extension Normalization {
    /// A straight line: the normalised value is `value * gain + offset`.
    struct Line {
        let gain: Double
        let offset: Double

        func callAsFunction(_ value: Double) -> Float { Float(value * gain + offset) }
    }

    /// The normalisation as one line for each channel.
    ///
    /// - Throws: ``DataError/invalidNormalization(dataset:reason:)``.
    func lines(channelCount: Int, dataset: String) throws -> [Line] {
        func invalid(_ reason: String) -> DataError {
            .invalidNormalization(dataset: dataset, reason: reason)
        }
        guard scale.isFinite, scale > 0 else {
            throw invalid("divides by \(scale); give a scale above 0")
        }
        for (name, values) in [("mean", mean), ("standard deviation", standardDeviation)] {
            guard values.count == 1 || values.count == channelCount else {
                throw invalid("has \(values.count) values of \(name); give 1 or \(channelCount)")
            }
            guard values.allSatisfy(\.isFinite) else {
                throw invalid("has a \(name) that is not a finite number")
            }
        }
        guard standardDeviation.allSatisfy({ $0 > 0 }) else {
            throw invalid("has a standard deviation that is not above 0; use 1 for a constant")
        }
        return (0..<channelCount).map { channel in
            let mean = mean.count == 1 ? mean[0] : mean[channel]
            let deviation =
                standardDeviation.count == 1 ? standardDeviation[0] : standardDeviation[channel]
            return Line(gain: 1 / (scale * deviation), offset: -mean / deviation)
        }
    }
}

extension Dataset {
    /// The normalisation that gives every channel of this data set mean 0 and variance 1.
    ///
    /// A channel is an entry of the shape's first dimension: a colour of an image, a column of a
    /// table. A constant channel gets standard deviation 1, so that it becomes 0.
    ///
    /// - Parameter scale: what raw values are divided by first.
    public func measuredNormalization(scale: Double = 1) -> Normalization {
        let channels = (0..<channelCount).map { moments(ofChannel: $0) }
        return Normalization(
            scale: scale,
            mean: channels.map { $0.mean / scale },
            standardDeviation: channels.map { channel in
                channel.variance > 0 ? channel.variance.squareRoot() / scale : 1
            }
        )
    }

    /// Mean and variance, divided by the count, of one channel over all examples.
    private func moments(ofChannel channel: Int) -> (mean: Double, variance: Double) {
        switch features {
        case .bytes(let values): moments(ofBytes: values, channel: channel)
        case .floats(let values): moments(ofFloats: values, channel: channel)
        }
    }

    private func moments(
        ofBytes values: [UInt8],
        channel: Int
    ) -> (mean: Double, variance: Double) {
        var occurrences = [Int](repeating: 0, count: 256)
        forEachPosition(ofChannel: channel) { occurrences[Int(values[$0])] += 1 }
        let size = Double(occurrences.reduce(0, +))
        func average(_ term: (Double) -> Double) -> Double {
            let terms = zip(0..<256, occurrences).map { term(Double($0)) * Double($1) }
            return terms.reduce(0, +) / size
        }
        let mean = average { $0 }
        return (mean, average { ($0 - mean) * ($0 - mean) })
    }

    private func moments(
        ofFloats values: [Float],
        channel: Int
    ) -> (mean: Double, variance: Double) {
        let size = Double(values.count / channelCount)
        // Measured from the first value, a constant channel has a variance of exactly 0.
        let origin = Double(values[channel * channelSize])
        var sum = 0.0
        forEachPosition(ofChannel: channel) { sum += Double(values[$0]) - origin }
        let shift = sum / size
        var squares = 0.0
        forEachPosition(ofChannel: channel) { position in
            let deviation = Double(values[position]) - origin - shift
            squares += deviation * deviation
        }
        return (origin + shift, squares / size)
    }

    private func forEachPosition(ofChannel channel: Int, _ body: (Int) -> Void) {
        let featureCount = featureCount
        let channelSize = channelSize
        for example in 0..<count {
            let start = example * featureCount + channel * channelSize
            for position in start..<start + channelSize { body(position) }
        }
    }
}
