import ManifoldMixup

/// Accuracy against confidence, in bins of confidence.
public struct ReliabilityDiagram: Sendable, Codable, Equatable {
    /// How the bins are cut.
    public enum Binning: String, Sendable, Codable, CaseIterable {
        /// (0, 1/M], (1/M, 2/M], …
        case equalWidth = "equal-width"
        /// As many examples in each as in the others, one more or less.
        case equalMass = "equal-mass"
    }

    /// One bin.
    public struct Bin: Sendable, Codable, Equatable {
        /// The lower end; of equal mass, the lowest confidence.
        public let lower: Double
        /// The upper end; of equal mass, the highest confidence.
        public let upper: Double
        /// The number of examples.
        public let count: Int
        /// Their mean confidence; `nil` without examples.
        public let confidence: Double?
        /// The share of them that is right; `nil` without examples.
        public let accuracy: Double?
    }

    /// How the bins are cut.
    public let binning: Binning
    /// The bins, by rising confidence.
    public let bins: [Bin]
    /// The expected calibration error: the mean over the examples of their bin's
    /// |accuracy − confidence|, 0...1 (Naeini et al., 2015; Guo et al., 2017).
    public let expectedCalibrationError: Double

    enum CodingKeys: String, CodingKey {
        case binning, bins
        case expectedCalibrationError = "ece"
    }

    /// Sorts examples into bins.
    ///
    /// - Parameters:
    ///   - examples: what the classifier says, and what is true.
    ///   - binning: how the bins are cut.
    ///   - binCount: M, from 1.
    /// - Throws: `MixupError` for no bins.
    public init(
        _ examples: LabelledProbabilities,
        _ binning: Binning = .equalWidth,
        binCount: Int = 15
    ) throws {
        guard (1...1_000_000).contains(binCount) else {
            throw MixupError("a reliability diagram has 1 to 1000000 bins, not \(binCount)")
        }
        let confidences = examples.probabilities.confidences
        let hits = examples.hits
        let members: [[Int]]
        switch binning {
        case .equalWidth:
            var sorted = [[Int]](repeating: [], count: binCount)
            for (index, confidence) in confidences.enumerated() {
                sorted[confidence.bin(of: binCount)].append(index)
            }
            members = sorted
        case .equalMass:
            let order = confidences.indices.sorted {
                (confidences[$0], $0) < (confidences[$1], $1)
            }
            members = (0..<binCount).map { bin in
                Array(order[order.count * bin / binCount..<order.count * (bin + 1) / binCount])
            }
        }
        self.binning = binning
        bins = members.enumerated().map { number, members in
            let inside = members.map { confidences[$0] }
            let count = Double(members.count)
            let isWidth = binning == .equalWidth
            return Bin(
                lower: isWidth ? Double(number) / Double(binCount) : inside.first ?? 0,
                upper: isWidth ? Double(number + 1) / Double(binCount) : inside.last ?? 0,
                count: members.count,
                confidence: members.isEmpty ? nil : inside.reduce(0, +) / count,
                accuracy: members.isEmpty ? nil : Double(members.count { hits[$0] }) / count
            )
        }
        expectedCalibrationError = bins.reduce(0) { sum, bin in
            guard let accuracy = bin.accuracy, let confidence = bin.confidence else { return sum }
            let share = Double(bin.count) / Double(hits.count)
            return sum + share * (accuracy - confidence).magnitude
        }
    }
}

extension Double {
    /// The number of the bin (b/M, (b + 1)/M] that a confidence in 0...1 falls into.
    func bin(of binCount: Int) -> Int {
        let place = (self * Double(binCount)).rounded(.up) - 1
        return Int(Swift.min(Swift.max(place, 0), Double(binCount - 1)))
    }
}
