import LibTorch
import ManifoldMixup
import MixupData
import MixupTraining

/// How flat the representations of the classes are at one boundary, and how far the classes are apart.
public struct SpectrumReport: Sendable, Equatable, Encodable {
    /// The spectrum of some states as they are, and of their deviations from their mean.
    public struct Pair: Sendable, Equatable, Encodable {
        /// As they are, which the paper's figures suggest.
        public let uncentred: Spectrum
        /// Without their mean: how the states vary.
        public let centred: Spectrum

        init(of states: Tensor, isDividedByRootOfCount: Bool) throws {
            func spectrum(isCentred: Bool) throws -> Spectrum {
                try Spectrum(
                    of: states,
                    isCentred: isCentred,
                    isDividedByRootOfCount: isDividedByRootOfCount
                )
            }
            uncentred = try spectrum(isCentred: false)
            centred = try spectrum(isCentred: true)
        }
    }

    /// The spectra of one class.
    public struct ClassRow: Sendable, Equatable, Encodable {
        /// The class's name.
        public let name: String
        /// The number of its examples.
        public let count: Int
        /// Its spectra.
        public let spectra: Pair
    }

    /// The data set's name.
    public let dataset: String
    /// The number of examples.
    public let count: Int
    /// 0 for the input, 1, 2, … for the model's sites.
    public let boundary: Int
    /// The length of one state, D.
    public let dimensions: Int
    /// Whether all values were divided by the root of the number of rows.
    public let isDividedByRootOfCount: Bool
    /// Every class by itself.
    public let classes: [ClassRow]
    /// All examples together.
    public let all: Pair
    /// The classes' means around the mean of all, each weighted with its number of examples: what of
    /// `all.centred` is between the classes. Flattening should not shrink it.
    public let betweenClasses: Spectrum

    /// The mean over the classes of a number of each, as the paper averages over its pictures.
    public func classMean(_ number: (Pair) -> Double) -> Double {
        classes.reduce(0) { $0 + number($1.spectra) } / Double(classes.count)
    }

    /// How far the states are from their class's mean over how far these are from the mean of all,
    /// both as root mean squares over the examples. Unlike singular values it does not depend on the
    /// scale of the states; not a number or infinite where the classes' means are equal.
    public var spreadRatio: Double {
        func squares(_ spectrum: Spectrum) -> Double { spectrum.values.reduce(0) { $0 + $1 * $1 } }
        func weight(_ count: Int) -> Double { isDividedByRootOfCount ? Double(count) : 1 }
        let within = classes.reduce(0) { $0 + weight($1.count) * squares($1.spectra.centred) }
        return (within / (weight(count) * squares(betweenClasses))).squareRoot()
    }
}

extension Classifier {
    /// The singular values of hidden states at one boundary, class by class and together (paper,
    /// section 3.2 and appendix G).
    ///
    /// - Parameters:
    ///   - boundary: 0 for the input, 1, 2, … for the declared sites.
    ///   - dataset: the examples, two or more of every class.
    ///   - isDividedByRootOfCount: whether singular values are divided by the root of the number of
    ///     examples that they are of.
    ///   - batchSize: the number of examples that run through the model at once.
    ///   - precision: the arithmetic that the model was made for; singular values are in float64.
    /// - Throws: `MixupError` for a boundary that the model does not have, a class with fewer than two
    ///   examples, more states than memory is meant for, and states that are not finite.
    public func spectrumReport(
        at boundary: Int,
        on dataset: Dataset,
        isDividedByRootOfCount: Bool = false,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> SpectrumReport {
        for (name, count) in zip(dataset.classNames, dataset.classCounts) where count < 2 {
            throw MixupError(
                "class '\(name)' has \(count) of the \(dataset.count) examples of \(dataset.name); a "
                    + "spectrum needs 2 or more of every class"
            )
        }
        let first = try dataset.subset([0])
        let length = try hiddenMatrix(at: boundary, of: first, dtype: precision.dtype).shape[1]
        // Two gigabytes in float64, of which a decomposition needs a few.
        guard dataset.count <= (1 << 28) / length else {
            throw MixupError(
                "\(dataset.count) states of \(length) numbers at boundary \(boundary) are too many to "
                    + "decompose; take at most \((1 << 28) / length) examples"
            )
        }
        return try withoutGradients {
            let states = try withBFloat16Autocast(precision == .bfloat16) {
                try hiddenMatrix(
                    at: boundary,
                    of: dataset,
                    batchSize: batchSize,
                    dtype: precision.dtype
                )
            }.to(.float64)
            func pair(_ states: Tensor) throws -> SpectrumReport.Pair {
                try SpectrumReport.Pair(
                    of: states,
                    isDividedByRootOfCount: isDividedByRootOfCount
                )
            }
            let members = dataset.classNames.indices.map { label in
                dataset.labels.indices.filter { dataset.labels[$0] == label }
            }
            let groups = try members.map { try states.rows(Tensor($0.map(Int64.init))) }
            let mean = try states.mean([0], keepingDimensions: true)
            let deviations = try groups.map { group in
                let weight = Double(try group.shape[0]).squareRoot()
                return try (group.mean([0], keepingDimensions: true) - mean) * weight
            }
            let scale = isDividedByRootOfCount ? 1 / Double(dataset.count).squareRoot() : 1
            return SpectrumReport(
                dataset: dataset.name,
                count: dataset.count,
                boundary: boundary,
                dimensions: length,
                isDividedByRootOfCount: isDividedByRootOfCount,
                classes: try zip(dataset.classNames, groups).map { name, group in
                    SpectrumReport.ClassRow(
                        name: name,
                        count: try group.shape[0],
                        spectra: try pair(group)
                    )
                },
                all: try pair(states),
                betweenClasses: try Spectrum(
                    of: .concatenated(deviations) * scale,
                    isCentred: false
                )
            )
        }
    }
}
