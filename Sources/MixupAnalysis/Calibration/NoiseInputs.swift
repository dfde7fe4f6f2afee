import LibTorch
import ManifoldMixup
import MixupData

/// Inputs that show nothing.
public enum NoiseInputs: String, Sendable, Codable, CaseIterable {
    /// Independent normal values with mean 0 and variance 1 behind the normalisation, as the data
    /// have.
    case gaussian
    /// Independent values uniform over the whole range of a pixel; where there are no pixels, with
    /// mean 0 and variance 1 behind the normalisation.
    case uniform

    /// Noise of the shape of a data set's examples.
    ///
    /// - Parameters:
    ///   - dataset: what the noise is to look like; its labels mean nothing there.
    ///   - count: the number of inputs, from 1.
    ///   - seed: decides the values.
    /// - Throws: `MixupError` where `count` is below 1 or too large.
    public func like(_ dataset: Dataset, count: Int, seed: UInt64) throws -> Dataset {
        let (size, overflows) = max(count, 0).multipliedReportingOverflow(by: dataset.featureCount)
        guard count >= 1, !overflows else {
            throw MixupError("\(count) inputs of noise cannot be made; take 1 or more")
        }
        let values = try Tensor.zeros([size])
        let generator = try Generator(seed: seed)
        var normalization = Normalization()
        switch (self, dataset.features) {
        case (.gaussian, _):
            try generator.fillNormal(values)
        case (.uniform, .bytes):
            try generator.fillUniform(values)
            normalization = dataset.normalization
            normalization.scale = 1
        case (.uniform, .floats):
            try generator.fillUniform(values, low: -(3.0.squareRoot()), high: 3.0.squareRoot())
        }
        return try Dataset(
            name: "\(rawValue) noise",
            shape: dataset.shape,
            classNames: dataset.classNames,
            labels: Array(repeating: 0, count: count),
            features: .floats(values.scalars(as: Float.self)),
            normalization: normalization
        )
    }
}
