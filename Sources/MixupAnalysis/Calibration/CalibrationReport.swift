import ManifoldMixup
import MixupData
import MixupTraining

/// Everything about a classifier's confidence in one value.
public struct CalibrationReport: Sendable, Codable, Equatable {
    /// Which examples a temperature is fitted to; the rest of the test set is what it is judged by.
    public enum TemperaturePart: String, Sendable, Codable, CaseIterable {
        /// The held-out examples, where the run has any.
        case holdOut = "hold-out"
        /// Every second example of the test set.
        case testHalf = "test-half"
    }

    /// A fitted temperature, and what it does to other examples.
    public struct Tempered: Sendable, Codable, Equatable {
        /// The examples that it was fitted to.
        public let fittedTo: TemperaturePart
        /// Their number.
        public let fittedCount: Int
        /// The temperature.
        public let temperature: Double
        /// The other examples without it.
        public let before: Calibration
        /// The other examples with it.
        public let after: Calibration

        enum CodingKeys: String, CodingKey {
            case temperature, before, after
            case fittedTo = "fitted_to"
            case fittedCount = "fitted_count"
        }
    }

    /// What is measured.
    public struct Settings: Sendable, Codable, Equatable {
        /// The number of bins of confidence, from 1.
        public var binCount: Int
        /// What a temperature is fitted to; `nil` for the held-out examples if there are any, and no
        /// temperature otherwise.
        public var temperaturePart: TemperaturePart?
        /// The number of inputs off the data, and of test examples that are mixed.
        public var inputCount: Int
        /// The weights at which test examples are mixed.
        public var lambdas: [Double]
        /// Decides noise and pairs.
        public var seed: UInt64

        /// The usual settings.
        public init(
            binCount: Int = 15,
            temperaturePart: TemperaturePart? = nil,
            inputCount: Int = 1000,
            lambdas: [Double] = (0...10).map { Double($0) / 10 },
            seed: UInt64 = 0
        ) {
            self.binCount = binCount
            self.temperaturePart = temperaturePart
            self.inputCount = inputCount
            self.lambdas = lambdas
            self.seed = seed
        }

        enum CodingKeys: String, CodingKey {
            case lambdas, seed
            case binCount = "bin_count"
            case temperaturePart = "temperature_part"
            case inputCount = "input_count"
        }
    }

    /// What was measured.
    public let settings: Settings
    /// The test set as it is.
    public let test: Calibration
    /// What a temperature does; `nil` where none was fitted.
    public let tempered: Tempered?
    /// How sure the classifier is on the test set and off it.
    public let confidences: [ConfidenceHistogram]
    /// The NLL against λ at every boundary.
    public let interpolation: [InterpolationCurve]
}

extension Classifier {
    /// Measures everything about the classifier's confidence.
    ///
    /// - Parameters:
    ///   - data: the task; its training part is not looked at.
    ///   - settings: what is measured.
    ///   - other: another data set of the same shape, for a further histogram; its values are normalised
    ///     as those of the test set.
    ///   - batchSize: the number of examples at once.
    ///   - precision: the arithmetic that the model was made for.
    /// - Throws: `MixupError` where a temperature is to be fitted to held-out examples and there are
    ///   none, where `other` has another shape, or for settings that cannot be.
    public func calibrationReport(
        on data: DataSplits,
        _ settings: CalibrationReport.Settings = .init(),
        other: Dataset? = nil,
        batchSize: Int = 100,
        precision: Precision = .float32
    ) throws -> CalibrationReport {
        let test = try labelledProbabilities(
            on: data.test,
            batchSize: batchSize,
            precision: precision
        )
        let bins = settings.binCount
        let calibration = try Calibration(test, binCount: bins)
        let held = try data.validation.map {
            try labelledProbabilities(on: $0, batchSize: batchSize, precision: precision)
        }
        let some = try data.test.evenlySpaced(settings.inputCount)
        func histogram(of dataset: Dataset) throws -> ConfidenceHistogram {
            ConfidenceHistogram(
                try probabilities(on: dataset, batchSize: batchSize, precision: precision),
                source: dataset.name,
                binCount: bins
            )
        }
        var histograms = [
            ConfidenceHistogram(test.probabilities, source: data.test.name, binCount: bins)
        ]
        for boundary in 0...mixingSites.count {
            let between = try probabilitiesBetweenExamples(
                at: boundary,
                on: some,
                seed: settings.seed,
                batchSize: batchSize,
                precision: precision
            )
            let source = "half-way between two classes at boundary \(boundary)"
            histograms.append(ConfidenceHistogram(between, source: source, binCount: bins))
        }
        for noise in NoiseInputs.allCases {
            let inputs = try noise.like(data.test, count: settings.inputCount, seed: settings.seed)
            histograms.append(try histogram(of: inputs))
        }
        if let other {
            let normalised = try other.normalised(as: data.test)
            histograms.append(try histogram(of: normalised.evenlySpaced(settings.inputCount)))
        }
        return CalibrationReport(
            settings: settings,
            test: calibration,
            tempered: try CalibrationReport.Tempered(test, held: held, settings),
            confidences: histograms,
            interpolation: try (0...mixingSites.count).map { boundary in
                try interpolationCurve(
                    at: boundary,
                    on: some,
                    lambdas: settings.lambdas,
                    seed: settings.seed,
                    batchSize: batchSize,
                    precision: precision
                )
            }
        )
    }
}

extension CalibrationReport.Tempered {
    /// Fits a temperature as the settings say; `nil` where they leave it to a hold-out that is absent.
    fileprivate init?(
        _ test: LabelledProbabilities,
        held: LabelledProbabilities?,
        _ settings: CalibrationReport.Settings
    ) throws {
        let fitted: LabelledProbabilities
        let judged: LabelledProbabilities
        switch (settings.temperaturePart, held) {
        case (nil, nil):
            return nil
        case (.holdOut?, nil):
            throw MixupError(
                "the run has no held-out examples to fit a temperature to; train it with a hold-out, "
                    + "or fit to half of the test set (test-half)"
            )
        case (nil, let held?), (.holdOut?, let held?):
            (fitted, judged) = (held, test)
        case (.testHalf?, _):
            guard test.labels.count >= 2 else {
                throw MixupError("a test set of one example has no half to fit a temperature to")
            }
            let positions = Array(test.labels.indices)
            fitted = try test.subset(positions.filter { $0 % 2 == 0 })
            judged = try test.subset(positions.filter { $0 % 2 == 1 })
        }
        let scaling = TemperatureScaling(fittedTo: fitted)
        fittedTo = settings.temperaturePart ?? .holdOut
        fittedCount = fitted.labels.count
        temperature = scaling.temperature
        before = try Calibration(judged, binCount: settings.binCount)
        after = try Calibration(scaling(judged), binCount: settings.binCount)
    }
}

extension Dataset {
    /// This data set's values on the scale of another one's.
    fileprivate func normalised(as model: Dataset) throws -> Dataset {
        guard shape == model.shape else {
            throw MixupError(
                "\(name) has examples of shape \(shape), but the model takes \(model.shape); choose "
                    + "other data of the same shape"
            )
        }
        var copy = self
        copy.normalization.mean = model.normalization.mean
        copy.normalization.standardDeviation = model.normalization.standardDeviation
        return copy
    }
}
