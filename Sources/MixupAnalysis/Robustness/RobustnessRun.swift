import ManifoldMixup
import MixupData
import MixupTraining

/// One trained network on deformed, attacked and mixed test examples.
public struct RobustnessRun: Sendable, Encodable {
    /// The variant that it was trained with.
    public let variant: String
    /// The seed of its training.
    public let seed: UInt64
    /// On the paper's 17 deformations, in the authors' sense.
    public let deformations: DeformationScores
    /// Under FGSM on the normalised input at rising ε, along the authors' gradient, and in pixels.
    public let singleSteps: Robustness
    /// Under ten steps in pixels.
    public let manySteps: Robustness
    /// Under steps without a bound.
    public let unbounded: Robustness
    /// How far its probabilities can be believed, on the data and off them.
    public let calibration: CalibrationReport

    enum CodingKeys: String, CodingKey {
        case variant, seed, deformations, unbounded, calibration
        case singleSteps = "single_steps"
        case manySteps = "many_steps"
    }

    /// Measures a network.
    ///
    /// - Throws: `MixupError` where the test examples are not images.
    init(
        variant: String,
        seed: UInt64,
        _ model: any Classifier,
        data: DataSplits,
        precision: Precision,
        settings: RobustnessSettings
    ) throws {
        self.variant = variant
        self.seed = seed
        func robustness(to attacks: [Attack], images: Int) throws -> Robustness {
            try model.robustness(
                to: attacks,
                on: data.test.evenlySpaced(images),
                precision: precision
            )
        }
        deformations = try model.deformationScores(
            on: data.test.evenlySpaced(settings.deformedImages),
            precision: precision
        )
        singleSteps = try robustness(
            to: RobustnessSettings.singleSteps,
            images: settings.attackedImages
        )
        manySteps = try robustness(
            to: [RobustnessSettings.manySteps],
            images: settings.manyStepImages
        )
        unbounded = try robustness(
            to: [.unbounded(steps: settings.unboundedSteps)],
            images: settings.unboundedImages
        )
        calibration = try model.calibrationReport(
            on: data,
            CalibrationReport.Settings(
                temperaturePart: .testHalf,
                inputCount: settings.confidenceInputs
            ),
            precision: precision
        )
    }
}

extension RobustnessRun {
    /// The accuracy in percent under the authors' attack of one step.
    var accuracyUnderAuthorsStep: Double {
        100
            * (singleSteps.rows.first { $0.attack == RobustnessSettings.authorsStep }?.score
                .accuracy
                ?? .nan)
    }
}
