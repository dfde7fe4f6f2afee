import ManifoldMixup

/// How much of a trained network's robustness is measured.
public struct RobustnessSettings: Sendable, Codable, Equatable {
    /// The most test images that are deformed, evenly spaced.
    public var deformedImages = 1000
    /// The most that are attacked in one step.
    public var attackedImages = 1000
    /// The most that are attacked in ten steps.
    public var manyStepImages = 300
    /// The most that are attacked without a bound, in 200 steps.
    public var unboundedImages = 50
    /// The steps without a bound.
    public var unboundedSteps = 200
    /// The most inputs of every kind whose confidence is measured.
    public var confidenceInputs = 1000

    /// The settings for a scale.
    public init(_ scale: ExperimentScale) {
        switch scale {
        case .smoke:
            unboundedSteps = 20
        case .quick:
            break
        case .paper:
            (deformedImages, attackedImages, confidenceInputs) = (10_000, 10_000, 10_000)
            (manyStepImages, unboundedImages) = (10_000, 1000)
        }
    }

    /// The radii of FGSM on the normalised input; 0.03 is in the authors' code of 2018.
    static let radii = [0.01, 0.02, 0.03, 0.05, 0.1]

    /// One step on the normalised input, the last one along the authors' gradient.
    static let authorsStep = Attack.fastGradientSign(epsilon: 0.03, loss: .paperBinaryCrossEntropy)
    /// One step of 8 of a pixel's 255 levels.
    static let pixelStep = Attack.fastGradientSign(epsilon: 8, units: .pixels)
    /// All attacks of one step.
    static let singleSteps =
        radii.map { Attack.fastGradientSign(epsilon: $0) } + [authorsStep, pixelStep]
    /// The usual ten steps within 8 of 255 levels, from a random start.
    static let manySteps = Attack.projectedGradient(
        epsilon: 8,
        steps: 10,
        stepSize: 2,
        units: .pixels,
        startSeed: 0
    )
}
